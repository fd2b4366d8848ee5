// One answer of the model as a whole.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { Answer, NovaSonicError } from '@nova-sonic/node';

import { LIMIT, next, sessionOf, startSimulator, until } from './support/stage.mjs';

const require = createRequire(import.meta.url);
const { NativeGathering } = require('../dist/native.js');
const { Inbox } = require('../dist/inbox.js');

const FIRST = 'It hid. Here.';
const SAY = [{ text: 'It hid.' }, { text: 'Here.' }];
/** Two questions are answered, and others are only heard. */
const TWO = { name: 'two', turns: [{ say: SAY }, { say: [{ text: 'Yes.' }] }], otherwise: 'listen' };
const QUIET = { name: 'quiet', turns: [], otherwise: 'listen' };

async function opened(t, scenario, options) {
    const session = sessionOf(t, await startSimulator(t, { scenario }), options);
    await session.start();
    return session;
}

test('an answer has its words, its sound and its end, by the vectors of every language', async () => {
    const vectors = JSON.parse(await readFile(new URL('../../tests/vectors/answers/gathered.json', import.meta.url), 'utf8'));
    assert.ok(vectors.length > 4);
    for (const { name, events, answer } of vectors) {
        const gathering = new NativeGathering();
        const ended = events.map(({ samples, ...event }) => {
            const pcm = samples && Buffer.from(Int16Array.from(samples).buffer);
            return gathering.add({ ...event, ...(pcm && { pcm }) });
        });
        assert.equal(ended.indexOf(true), answer === null ? -1 : events.length - 1, name);
        if (answer === null) continue;
        const { text, samples, rate, interrupted } = new Answer(gathering);
        assert.deepEqual({ text, samples: [...samples], rate, interrupted }, { ...answer, rate: answer.rate ?? 24_000 }, name);
    }
});

test('an answer is taken to its end, and the next one after it', LIMIT, async (t) => {
    const session = await opened(t, TWO);
    session.sendText('Where is the fox?');
    const answer = await session.answer();
    assert.ok(answer instanceof Answer);
    assert.equal(answer.text, FIRST);
    assert.deepEqual([answer.rate, answer.interrupted], [24_000, false]);
    assert.ok(answer.samples.length > 2_400, `a tenth of a second of sound at least: ${answer.samples.length} samples`);
    assert.equal(answer.durationMs, answer.samples.length / 24);
    assert.deepEqual(new Int16Array(answer.pcm.buffer, answer.pcm.byteOffset, answer.pcm.length / 2), answer.samples);
    session.sendText('Really?');
    assert.equal((await session.answer()).text, 'Yes.');
});

test('listeners hear what an answer is made of, and a loop goes on after it', LIMIT, async (t) => {
    const session = await opened(t, TWO);
    const heard = [];
    session.on('transcript', ({ role, stage, text }) => role === 'assistant' && stage === 'partial' && heard.push(text));
    const looped = [];
    let answer;
    for await (const event of session) {
        if (event.type === 'stateChanged' && event.from === 'initializing') {
            const waiting = session.answer();
            session.sendText('Where is the fox?');
            answer = await waiting;
            session.sendText('Really?');
        }
        if (event.type === 'transcript' && event.role === 'assistant' && event.stage === 'partial') looped.push(event.text);
        if (event.type === 'stateChanged' && event.from === 'speaking' && looped.length > 0) break;
    }
    assert.equal(answer.text, FIRST);
    assert.deepEqual(heard, ['It hid.', 'Here.', 'Yes.']);
    assert.deepEqual(looped, ['Yes.']);
});

test('a loop that is left leaves the rest to an answer, however long ago that came', LIMIT, async (t) => {
    const session = await opened(t, TWO);
    session.sendText('Where is the fox?');
    // all of it is there before anybody takes any
    await until(() => session.history.some(({ text }) => text.endsWith('Here.')), 'an answer');
    for await (const event of session) if (event.type === 'stateChanged' && event.to === 'thinking') break;
    assert.equal((await session.answer()).text, FIRST);
});

test('who asks for two answers at once gets one after the other', LIMIT, async (t) => {
    const session = await opened(t, TWO);
    const [first, second] = [session.answer(), session.answer()];
    session.sendText('Where is the fox?');
    assert.equal((await first).text, FIRST);
    session.sendText('Really?');
    assert.equal((await second).text, 'Yes.');
});

test('a tool that the model calls meanwhile runs, and what it gives is in the answer', LIMIT, async (t) => {
    const say = { say: [{ text: 'Wait.' }], tools: [{ name: 'find_fox', input: {} }], then: [{ text: '{{result.place}}' }] };
    const tools = { find_fox: { description: 'Where the fox is', execute: () => ({ place: 'Here.' }) } };
    const session = await opened(t, { name: 'find', turns: [say], otherwise: 'listen' }, { tools });
    session.sendText('Where is the fox?');
    assert.equal((await session.answer()).text, 'Wait. Here.');
});

test('a signal gives the waiting up, and leaves the conversation as it is', LIMIT, async (t) => {
    const session = await opened(t, TWO);
    const reason = new Error('enough');
    await assert.rejects(session.answer({ signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const waiting = session.answer({ signal: controller.signal });
    const second = session.answer();
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    session.sendText('Where is the fox?');
    assert.equal((await second).text, FIRST);
    assert.notEqual(session.state, 'closed');
});

test('an answer that never comes is an error, which says why', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: QUIET });
    const unstarted = sessionOf(t, simulator);
    await assert.rejects(unstarted.answer(), { code: 'session_unstarted' });

    const limited = sessionOf(t, simulator, { maxSeconds: 0.3 });
    await limited.start();
    const both = [limited.answer(), limited.answer()];
    for (const waiting of both) {
        await assert.rejects(waiting, (error) => error instanceof NovaSonicError && error.code === 'session_closed' && /before the answer/.test(error.message));
    }
    await assert.rejects(limited.answer(), { code: 'session_closed' });

    const closed = sessionOf(t, simulator);
    await closed.start();
    const left = closed.answer();
    await closed.close();
    await assert.rejects(left, { code: 'session_closed' });

    const controller = new AbortController();
    const aborted = sessionOf(t, simulator, { signal: controller.signal });
    await aborted.start();
    const given = aborted.answer();
    controller.abort(new Error('enough'));
    await assert.rejects(given, { message: 'enough' });
});

test('what breaks the conversation breaks the answer, and a loop beside it is told as well', LIMIT, async (t) => {
    const cut = { name: 'cut', turns: [{ say: [{ text: 'I break.' }], fault: { after_audio_frames: 1, kind: 'cut' } }] };
    const session = await opened(t, cut, { renewal: false });
    const looped = (async () => {
        const types = [];
        for await (const { type } of session) types.push(type);
        return types;
    })();
    session.sendText('Break.');
    const closed = next(session, 'closed');
    const error = await session.answer().then(() => assert.fail('it was given'), (thrown) => thrown);
    assert.ok(error instanceof NovaSonicError);
    assert.equal(error, (await closed).error);
    assert.equal((await looped).at(-1), 'closed');
});

test('who does not wait for an answer that fails ends no process', LIMIT, async (t) => {
    const session = await opened(t, QUIET);
    // an unhandled rejection would fail this test
    void session.answer();
    await session.close();
    await new Promise(setImmediate);
});

test('an answer is saved as a WAV file, and prints none of its words', LIMIT, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-answer-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const vectors = JSON.parse(await readFile(new URL('../../tests/vectors/audio/wav.json', import.meta.url), 'utf8'));
    const { file, samples } = vectors.files.find(({ name }) => name === '16-bit');
    const gathering = new NativeGathering();
    gathering.add({ type: 'transcript', role: 'assistant', stage: 'partial', text: 'Once upon a time', turn: 1 });
    gathering.add({ type: 'audio', pcm: Buffer.from(Int16Array.from(samples).buffer), rate: 16_000, turn: 1 });
    const answer = new Answer(gathering);
    await answer.save(join(folder, 'answer.wav'));
    assert.equal((await readFile(join(folder, 'answer.wav'))).toString('hex'), file);
    await assert.rejects(answer.save(join(folder, 'no/such/folder.wav')), { code: 'ENOENT' });
    assert.equal(inspect({ answer }), '{ answer: Answer { rate: 16000, durationMs: 0.5, interrupted: false } }');
});

test('an answer takes first what a loop beside listeners has not come to', async () => {
    const inbox = new Inbox(() => {});
    const loop = inbox.loop();
    for (const text of ['one', 'two', 'three']) inbox.put({ type: 'transcript', text });
    assert.equal((await loop.next()).value.text, 'one');
    const taken = [];
    inbox.takeFirst((event) => taken.push(event.text) === 2);
    assert.deepEqual(taken, ['two', 'three']);
    inbox.put({ type: 'transcript', text: 'four' });
    assert.equal((await loop.next()).value.text, 'four');
    // the last event is for both
    inbox.put({ type: 'closed', reason: 'hangup' });
    inbox.end();
    inbox.takeFirst(({ type }) => taken.push(type) > 0);
    assert.equal(taken.at(-1), 'closed');
    assert.equal((await loop.next()).value.type, 'closed');
    assert.deepEqual(await loop.next(), { done: true, value: undefined });
});
