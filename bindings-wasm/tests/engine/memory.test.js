// A conversation of any length takes no more memory than a short one, but for its words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, FOUND, engineMemory, seed } from './support/engine.js';
import { serverEvent } from './support/frames.js';
import { grant } from './support/grants.js';
import { halfAnHour } from './support/half-an-hour.js';

const FRAMES = 10_000;
const FRAME_MS = 32;

const ANSWER = [
    { contentStart: { contentId: 'a', role: 'ASSISTANT', type: 'AUDIO', audioOutputConfiguration: { sampleRateHertz: 24_000 } } },
    { audioOutput: { contentId: 'a', content: Buffer.alloc(1920).toString('base64') } },
].map((event) => serverEvent(JSON.stringify({ event })));

/** One frame up, one down, and everything polled; nothing is copied out. */
function pass(engine, at, quantum) {
    engine.capture(at, quantum, 48_000);
    engine.receivedBinary(at, ANSWER[1]);
    let sent = 0;
    for (let found; (found = engine.poll(at)) !== FOUND.nothing; ) {
        if (found === FOUND.binary) sent += engine.outBytes().length;
        if (found === FOUND.sound) engine.played(at, engine.outTurn(), (at / FRAME_MS) * 960);
        if (found === FOUND.event) engine.outText();
    }
    return sent;
}

test('ten thousand frames of sound in both directions do not make the memory grow', () => {
    const engine = new Engine('{"limits":{"renewMs":100000000}}', seed(), 0);
    engine.openDirect(grant(), 0);
    engine.connected(0);
    engine.receivedBinary(0, ANSWER[0]);
    const quantum = new Float32Array(FRAME_MS * 48).map((_, n) => 0.3 * Math.sin(n / 10));
    let sent = 0;
    for (let frame = 0; frame < 200; frame += 1) sent += pass(engine, frame * FRAME_MS, quantum);
    const before = engineMemory();
    for (let frame = 200; frame < FRAMES; frame += 1) sent += pass(engine, frame * FRAME_MS, quantum);
    assert.equal(engineMemory(), before);
    assert.ok(sent > FRAMES * 2_000, `${sent} bytes were sent`);
    assert.ok(engine.level() > -20 && engine.level() < -10, `${engine.level()} dBFS`);
    engine.free();
});

test('engines that are freed leave their memory to the next', () => {
    const one = () => {
        const engine = new Engine('{}', seed(), 0);
        engine.openDirect(grant(), 0);
        engine.connected(0);
        engine.capture(0, new Float32Array(4800), 44_100);
        const successor = new Engine('{}', seed(8), 100, engine);
        engine.free();
        successor.free();
    };
    for (let n = 0; n < 20; n += 1) one();
    const before = engineMemory();
    for (let n = 0; n < 200; n += 1) one();
    assert.equal(engineMemory(), before);
});

/** So much more is said after the eighth minute, when everything has been needed once. */
const TURNS_AFTER = (30 - 9) * 6;
/** Each word is kept by the session, and by its successor while there are two. */
const COPIES = 3;
const PAGE = 65_536;

test('half an hour takes no more memory than its first nine minutes, but for the words that are said', (t) => {
    for (const characters of [80, 2_000]) {
        const minutes = halfAnHour(characters);
        const grown = minutes.at(-1) - minutes[8];
        const said = TURNS_AFTER * (characters + 23);
        t.diagnostic(`${minutes.at(-1) / 1024} KiB, ${grown / 1024} KiB of them in the last 21 minutes for ${Math.round(said / 1024)} KiB of words`);
        assert.ok(grown <= COPIES * said + PAGE, `${minutes.map((bytes) => bytes / 1024).join(', ')} KiB`);
    }
});
