// What goes wrong, and how a program learns of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { NovaSonicError, VoiceSession } from '@nova-sonic/node';

import { LIMIT, next, routeTo, sessionOf, startSimulator } from './support/stage.mjs';

test('every error has a code, blame, advice, and says whether to try again', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const route = routeTo(simulator);
    const wrong = (secretAccessKey) => ({ ...route.credentials, secretAccessKey });
    for (const [options, code, blame] of [
        [{ ...route, credentials: wrong('not the secret') }, 'credentials_invalid', 'caller'],
        [{ ...route, model: 'amazon.no-such-model' }, 'model_not_found', 'caller'],
        [{ ...route, endpoint: 'http://127.0.0.1:9' }, 'connection_failed', 'network'],
        [{ ...route, region: 'nowhere' }, 'region_unknown', 'caller'],
        [{ ...route, endpoint: simulator.https }, 'tls_refused', 'network'],
        [{ ...route, credentials: () => Promise.reject(new Error('vault sealed')) }, 'credentials_missing', 'caller'],
        [{ ...route, ca: 'no certificate' }, 'configuration_invalid', 'caller'],
    ]) {
        const session = new VoiceSession(options);
        const error = await session.start().then(
            () => assert.fail(`${code} was let in`),
            (thrown) => thrown,
        );
        assert.ok(error instanceof NovaSonicError, `${code}: ${error}`);
        assert.deepEqual([error.code, error.blame, typeof error.retryable], [code, blame, 'boolean'], error.message);
        assert.ok(error.advice.length > 15 && error.message.length > 0);
        assert.ok(!JSON.stringify([error.message, error.advice]).includes('not the secret'));
        assert.equal(session.state, 'closed');
        await session.close();
    }
});

test('options that cannot be are refused by name, before anything is sent', () => {
    for (const [options, named] of [
        [{ topP: 'much' }, /topP/],
        [{ voise: 'amy' }, /voise/],
        [{ idleSeconds: -1 }, /idleSeconds/],
        [{ inputRate: 44_100 }, /inputRate/],
        [{ history: [{ role: 'narrator', text: 'Once' }] }, /history\[0\]\.role/],
        [{ tools: { 'get weather': { description: '' } } }, /name/],
    ]) {
        assert.throws(() => new VoiceSession(options), (error) => named.test(error.message) && typeof error.code === 'string');
    }
});

test('what starts twice, or speaks too early, is told so', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t));
    assert.throws(() => session.sendText('too early'), { code: 'session_unstarted' });
    await assert.rejects(session.sendAudio(new Int16Array(512)), { code: 'session_unstarted' });
    await session.start();
    await assert.rejects(session.start(), { code: 'session_started' });
    await assert.rejects(session.sendAudio(new Uint8Array(3)), { code: 'audio_unsupported' });
});

test('an abort signal gives the start up, and closes what runs', LIMIT, async (t) => {
    // takes connections and says nothing
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    t.after(() => mute.close());
    await once(mute, 'listening');
    const simulator = await startSimulator(t);
    const reason = new Error('enough');

    const early = new AbortController();
    const waiting = sessionOf(t, simulator, { endpoint: `http://127.0.0.1:${mute.address().port}`, signal: early.signal });
    const started = waiting.start();
    await once(mute, 'connection');
    early.abort(reason);
    await assert.rejects(started, reason);

    const late = new AbortController();
    const running = sessionOf(t, simulator, { signal: late.signal });
    await running.start();
    const closed = next(running, 'closed');
    late.abort();
    assert.equal((await closed).reason, 'hangup');

    const before = sessionOf(t, simulator, { signal: AbortSignal.abort(reason) });
    await assert.rejects(before.start(), reason);
});

test('a session that is closed while it opens leaves nothing behind', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const stuck = sessionOf(t, simulator, { credentials: () => new Promise(() => {}) });
    const started = stuck.start();
    await stuck.close();
    await assert.rejects(started, { code: 'session_closed' });

    const opening = sessionOf(t, simulator);
    const opened = opening.start();
    await opening.close();
    await assert.rejects(opened, { code: 'session_closed' });
    assert.equal(opening.state, 'closed');
});

test('what ends a conversation comes with its last event, and a loop ends', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const session = sessionOf(t, simulator, { maxSeconds: 0.3 });
    await session.start();
    const types = [];
    for await (const event of session) types.push(event);
    assert.deepEqual(types.at(-1), { type: 'closed', reason: 'time_limit' });
});
