// What the direct way cannot do, the relay does: from the beginning, or from the middle of an answer on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RATE, agreement, noiseFile, position } from '../browser/support/answers.js';
import { startBrowser } from '../browser/support/chromium.js';
import { startProxy } from '../browser/support/proxy.js';
import { streams } from '../browser/support/world.js';
import { sessions } from './support/backend.js';
import { heard } from './support/listening.js';
import { captions, player, said, standing, start, stop, transport, until, write } from './support/story.js';
import { openWorld } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

/** A network between the page and the service that can be closed; the backend has its own. */
function network() {
    const between = {};
    between.endpointOf = async (t, simulator) => {
        between.proxy = await startProxy(t, simulator.wss ?? simulator.https.replace(/^https/, 'wss'));
        return between.proxy.url;
    };
    return between;
}

test('where the service cannot be reached, the server relays, and the page says why', async (t) => {
    const { path, samples: answer } = await noiseFile(t, 1.6, 3);
    const scenario = { name: 'relayed', turns: [{ say: [{ text: 'Here I am.', recording: path }] }], otherwise: 'listen' };
    const between = network();
    const { endpointOf } = between;
    const { page, simulator, backend } = await openWorld(t, browser, {
        scenario,
        listens: true,
        endpointOf: async (...given) => {
            const url = await endpointOf(...given);
            between.proxy.open = false;
            return url;
        },
    });
    await start(page);
    await standing(page, 'listening');
    const { by, reason, text } = await transport(page);
    assert.deepEqual([by, reason], ['relay', 'network_blocked']);
    assert.match(text, /Through our server.*because this network blocks the direct one/s);
    await write(page, 'Are you there?');
    await said(page, 'assistant', 'Here I am.');
    await standing(page, 'listening');
    const samples = await heard(page);
    const at = position(samples, answer);
    assert.notEqual(at, -1, 'the answer was heard');
    assert.equal(agreement(samples, answer, at), answer.length, 'every sample of it');
    assert.equal(await player(page).getByRole('alert').count(), 0, 'nothing that a parent must do something about');

    // the service sees the server, over its own connection and with its own keys
    const [stream] = await streams(simulator, (found) => found.length === 1);
    assert.equal(stream.transport, 'http2');
    await stop(page);
    await streams(simulator, ([found]) => found.end === 'completed');
    const [session] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual([session.state, session.transport, session.fallback], ['ended', 'relay', 'network_blocked']);
});

/** What comes before the stream fails: five events of sound, of 1, 2, 4, 9 and 9 steps of 40 ms. */
const EVENTS = 5;
const BEFORE_FAULT = 25 * (RATE / 25);

test('where the stream fails in the middle of an answer, the relay goes on: nothing is said twice, nothing is lost, and what was not heard is not kept', async (t) => {
    const { path, samples: answer } = await noiseFile(t, 6, 5);
    const scenario = {
        name: 'failing',
        turns: [
            { say: [{ text: 'The first answer.' }] },
            { say: [{ text: 'A long, long answer.', recording: path }], fault: { after_audio_frames: EVENTS, kind: 'model_stream_error' } },
        ],
        otherwise: 'listen',
    };
    const { page, simulator, backend } = await openWorld(t, browser, { scenario, listens: true });
    await start(page);
    await standing(page, 'listening');
    await write(page, 'One.');
    await said(page, 'assistant', 'The first answer.');
    assert.equal((await transport(page)).by, 'direct');

    await write(page, 'Two.');
    const { by, reason } = await transport(page, 'relay');
    assert.deepEqual([by, reason], ['relay', 'model_failed']);
    await standing(page, 'listening');
    const former = ['One.', 'The first answer.', 'Two.', 'A long, long answer.'];
    assert.deepEqual((await captions(page)).map(({ text }) => text), former);

    // for the model that is a new conversation, which has its turns before it: its script begins anew
    await write(page, 'Three.');
    await said(page, 'assistant', 'The first answer.', 2);
    await standing(page, 'listening');
    const all = [...former, 'Three.', 'The first answer.'];
    assert.deepEqual((await captions(page)).map(({ text, stage }) => `${text} ${stage}`), all.map((text) => `${text} final`));

    // of the answer that broke off, all that came was heard, and once; no more than that is shown as heard
    const samples = await heard(page);
    const at = position(samples, answer);
    assert.notEqual(at, -1, 'it was heard');
    assert.equal(agreement(samples, answer, at), BEFORE_FAULT, 'as far as it came');
    assert.equal(position(samples.subarray(at + 1), answer), -1, 'and not again');

    const cut = page.locator('.captions li[data-interrupted]');
    assert.equal(await cut.locator('s').textContent(), ' answer.');
    const [direct, relayed] = await streams(simulator, (found) => found.length === 2);
    assert.deepEqual([direct.transport, relayed.transport, relayed.end], ['web_socket', 'http2', null]);
    assert.equal(await player(page).getByRole('alert').count(), 0);
    await stop(page);
    const [session, ...others] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    const kept = all.map((text) => text.replace('A long, long answer.', 'A long, long'));
    assert.deepEqual([session.state, session.messages.map(({ text }) => text), others], ['ended', kept, []]);
    assert.deepEqual([session.transport, session.fallback], ['both', 'model_failed']);
});
