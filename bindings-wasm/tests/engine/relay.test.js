// The relay's messages, held against the shared vectors as far as a session sends and takes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, drained, seed } from './support/engine.js';
import { longText, vectors } from './support/vectors.js';

function connected() {
    const engine = new Engine('{}', seed(), 0);
    engine.openRelay();
    engine.connected(0);
    return engine;
}

test('a session opens with text, and sound is binary', () => {
    const engine = connected();
    const opening = drained(engine);
    const names = opening.filter(({ text }) => text).map(({ text }) => Object.keys(JSON.parse(text).event)[0]);
    assert.deepEqual(names, ['sessionStart', 'promptStart', 'contentStart', 'textInput', 'contentEnd', 'contentStart']);
    engine.audio(32, Int16Array.of(1, -1, 127, -32_768));
    assert.deepEqual(drained(engine), [{ binary: Buffer.from('0100ffff7f000080', 'hex') }]);
    engine.microphone(40, 'closed');
    assert.deepEqual(Object.keys(JSON.parse(drained(engine)[0].text).event), ['contentEnd']);
    engine.hangup(50);
    const goodbye = drained(engine);
    // no empty frame: the end of the input is the end of the events
    assert.deepEqual(goodbye.map((found) => Object.keys(found)[0]), ['text', 'text', 'endInput']);
});

test('what the relay agrees on is read, and what it does not is an error that the conversation survives', () => {
    for (const { name, side, steps } of vectors('relay/frames.json')) {
        if (side !== 'client') continue;
        const engine = connected();
        drained(engine);
        for (const { gets, reads } of steps.filter(({ gets }) => gets)) {
            const message = messageOf(gets);
            if (typeof message === 'string') engine.receivedText(10, message);
            else engine.receivedBinary(10, message);
            const found = drained(engine);
            const events = found.filter(({ event }) => event).map(({ event }) => event);
            const error = reads?.error;
            if (error !== undefined) assert.ok(events.some(({ code }) => code === error), `${name}: ${JSON.stringify(events)}`);
            else assert.ok(!events.some(({ type }) => type === 'error'), `${name}: ${JSON.stringify(events)}`);
            if (gets.hex && error === undefined) {
                const { sound } = found.find(({ sound }) => sound);
                assert.equal(Buffer.from(sound.buffer).toString('hex'), gets.hex, name);
            }
            if (gets.text?.relay && error === undefined) {
                assert.deepEqual(events[0], { type: 'relay', relay: gets.text.relay }, name);
            }
        }
    }
});

/** A message of a script: a text, or bytes. */
function messageOf({ text, raw, hex, zeros }) {
    if (hex !== undefined) return Buffer.from(hex, 'hex');
    if (zeros !== undefined) return Buffer.alloc(zeros);
    return raw === undefined ? JSON.stringify(text) : longText(raw);
}

test('what the relay complains of is why the conversation ends', () => {
    for (const [complaint, code, expected] of [
        ['{"relay":{"error":{"code":"throttled","message":"too many","retryable":true,"blame":"service"}}}', 4011, 'throttled'],
        [null, 4011, 'service_unavailable'],
        [null, 4001, 'sign_in_required'],
        [null, 4003, 'not_authorized'],
        [null, 4004, 'model_not_found'],
        [null, 4008, 'relay_limit_exceeded'],
        [null, 1006, 'connection_lost'],
        [null, 1000, 'disconnected'],
    ]) {
        const engine = connected();
        if (complaint) engine.receivedText(10, complaint);
        engine.disconnected(20, code, '');
        const closed = drained(engine).find(({ event }) => event?.type === 'closed').event;
        assert.equal(closed.reason, expected);
    }
});
