// A conversation goes on over another stream before the service ends the first, and when that one breaks.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, STORY, ask, next, routeTo, sessionOf, startSimulator } from './support/stage.mjs';

/** A service that ends each stream after seven seconds. */
const SHORT = { ...STORY, limits: { life_seconds: 7 } };

test('a conversation outlives its first stream, and credentials are asked for anew', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: SHORT });
    const { credentials } = routeTo(simulator);
    let asked = 0;
    const session = sessionOf(t, simulator, {
        renewAfterSeconds: 3,
        credentials: () => {
            asked += 1;
            return credentials;
        },
    });
    const seen = [];
    for (const name of ['renewalDue', 'renewing', 'renewed', 'error', 'closed']) {
        session.on(name, ({ type, reason, gapMs, code }) => seen.push({ type, reason, gapMs, code }));
    }
    const renewed = next(session, 'renewed');
    await session.start();
    await ask(session);
    await renewed;
    assert.equal(asked, 2);
    session.sendText('And then?');
    await next(session, 'transcript', ({ role, stage }) => role === 'assistant' && stage === 'final');
    assert.deepEqual(
        session.history.slice(0, 3).map(({ text }) => text),
        ['Will you tell me a story?', 'Once upon a time. The end.', 'And then?'],
    );
    await session.close();
    const told = (type, gapMs) => ({ type, reason: 'stream_life', gapMs, code: undefined });
    const renewals = seen.filter(({ type }) => type !== 'closed').slice(0, 2);
    assert.deepEqual(renewals, [told('renewing', undefined), told('renewed', 0)]);
    assert.equal(seen.at(-1).reason, 'hangup');
});

test('a function that has no more credentials is an error while the stream goes on to its end', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: { ...STORY, limits: { life_seconds: 5 } } });
    const { credentials } = routeTo(simulator);
    let asked = 0;
    const session = sessionOf(t, simulator, {
        renewAfterSeconds: 1,
        credentials: () => {
            asked += 1;
            if (asked > 1) throw new Error('revoked');
            return credentials;
        },
    });
    const errors = [];
    session.on('error', ({ code }) => errors.push(code));
    const closed = next(session, 'closed');
    await session.start();
    const { reason, error } = await closed;
    assert.deepEqual(errors, ['credentials_missing']);
    assert.equal(reason, 'model_timeout');
    assert.equal(error.code, 'model_timeout');
});

test('with renewal: false one is told and does it oneself', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: SHORT });
    const session = sessionOf(t, simulator, { renewal: false, renewAfterSeconds: 0.5 });
    session.on('renewing', () => assert.fail('nobody renews'));
    const due = next(session, 'renewalDue');
    await session.start();
    assert.equal((await due).reason, 'stream_life');
});

/** Breaks off when something of it was heard, and goes on for those who ask. */
const BREAKS = {
    name: 'breaks',
    turns: [
        {
            words: ['story'],
            say: [{ text: 'Once upon a time there was a fox in a deep dark wood.' }],
            fault: { after_audio_frames: 60, kind: 'cut' },
        },
        { words: ['on'], say: [{ text: 'He went home.' }] },
    ],
};

test('a conversation outlives a connection that breaks', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: BREAKS, options: ['--speed', '1'] });
    const session = sessionOf(t, simulator);
    const seen = [];
    for (const name of ['renewing', 'renewed', 'error', 'interrupted', 'closed']) session.on(name, () => seen.push(name));
    const failed = next(session, 'error');
    const interrupted = next(session, 'interrupted');
    const renewed = next(session, 'renewed');
    await session.start();
    session.sendText('A story!');
    assert.equal((await failed).code, 'connection_lost');
    const { reason, gapMs } = await renewed;
    assert.equal(reason, 'connection');
    assert.ok(gapMs >= 0 && gapMs < 20_000, `${gapMs} ms`);
    session.sendText('Go on!');
    await next(session, 'transcript', ({ text }) => text === 'He went home.');
    const texts = session.history.map(({ text }) => text);
    assert.deepEqual(texts.slice(0, 3), ['A story!', (await interrupted).text, 'Go on!']);
    assert.deepEqual(seen, ['interrupted', 'error', 'renewing', 'renewed']);
    await session.close();
});

test('with renewal: false what breaks the connection ends it', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: BREAKS, options: ['--speed', '1'] });
    const session = sessionOf(t, simulator, { renewal: false });
    session.on('renewing', () => assert.fail('nobody renews'));
    await session.start();
    session.sendText('A story!');
    const { reason, error } = await next(session, 'closed');
    assert.deepEqual([reason, error.code], ['connection_lost', 'connection_lost']);
});
