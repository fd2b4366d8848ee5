// Whole conversations with the simulator.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NovaSonicError, VoiceSession, tool } from '@nova-sonic/node';
import { z } from 'zod';

import { LIMIT, STORY, WEATHER, ask, next, question, routeTo, sessionOf, startSimulator, until } from './support/stage.mjs';

test('a loop gets a whole conversation, from the first state to the goodbye', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }));
    assert.equal(session.state, 'idle');
    await session.start();
    await ask(session);
    const seen = [];
    let samples = 0;
    for await (const event of session) {
        if (event.type === 'audio') {
            assert.equal(event.rate, 24_000);
            assert.equal(event.pcm.length, 2 * event.samples.length);
            assert.equal(event.pcm.readInt16LE(2), event.samples[1]);
            samples += event.samples.length;
        } else {
            seen.push(event);
        }
        if (event.type === 'transcript' && event.stage === 'final' && event.text.endsWith('The end.')) session.close();
    }
    const words = (role, stage) =>
        seen.filter((event) => event.role === role && event.stage === stage).map(({ text }) => text).join('');
    assert.equal(words('user', 'final'), 'Will you tell me a story?');
    assert.equal(words('assistant', 'final'), 'Once upon a time. The end.');
    assert.ok(samples > 12_000, `half a second of sound at least: ${samples} samples`);
    assert.deepEqual(seen[0], { type: 'stateChanged', from: 'initializing', to: 'listening' });
    assert.deepEqual(seen.at(-1), { type: 'closed', reason: 'hangup' });
    assert.equal(session.state, 'closed');
    assert.deepEqual(session.history, [
        { role: 'user', text: 'Will you tell me a story?' },
        { role: 'assistant', text: 'Once upon a time. The end.' },
    ]);
    assert.ok(session.usage.input.speech > 0 && session.usage.output.speech > 0);
});

test('listeners get the same, and a loop beside them no less', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }));
    const heard = [];
    session.on('transcript', ({ role, text, stage }) => stage === 'final' && heard.push([role, text]));
    await session.start();
    const looped = (async () => {
        const texts = [];
        for await (const event of session) {
            if (event.type === 'transcript' && event.stage === 'final') texts.push([event.role, event.text]);
        }
        return texts;
    })();
    const spoken = next(session, 'transcript', ({ text, stage }) => stage === 'final' && text.endsWith('The end.'));
    await ask(session);
    await spoken;
    await session.close();
    assert.deepEqual(await looped, heard);
    assert.equal(heard.length, 3);
});

test('a tool with a schema of zod runs with checked input, and what it gives is spoken', LIMIT, async (t) => {
    const asked = [];
    const session = sessionOf(t, await startSimulator(t, { scenario: WEATHER }), {
        tools: {
            get_weather: tool({
                description: 'Weather of a city',
                schema: z.object({ city: z.string() }),
                execute: ({ city }, { id, signal }) => {
                    asked.push([city, typeof id, signal.aborted]);
                    return { summary: 'snowing', temperature: -3 };
                },
            }),
        },
    });
    await session.start();
    const answered = next(session, 'toolAnswered');
    const spoken = next(session, 'transcript', ({ stage, text }) => stage === 'final' && text.includes('degrees'));
    session.on('toolCall', () => assert.fail('a call that was answered here is told to nobody'));
    await ask(session);
    assert.equal((await answered).name, 'get_weather');
    assert.match((await spoken).text, /-3 degrees/);
    assert.deepEqual(asked, [['Oslo', 'string', false]]);
});

test('a tool without a function is the program’s to answer, once', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: WEATHER }), {
        tools: {
            get_weather: {
                description: 'Weather of a city',
                schema: { type: 'object', properties: { city: { type: 'string' } } },
            },
        },
    });
    await session.start();
    const called = next(session, 'toolCall');
    const spoken = next(session, 'transcript', ({ stage, text }) => stage === 'final' && text.includes('degrees'));
    await ask(session);
    const { id, input } = await called;
    assert.deepEqual(input, { city: 'Oslo' });
    session.addToolResult(id, { summary: 'raining', temperature: 12 });
    assert.throws(() => session.addToolResult(id, {}), { code: 'tool_call_unknown' });
    assert.match((await spoken).text, /12 degrees/);
});

test('a tool that throws is told to the model, and the conversation goes on', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: WEATHER }), {
        tools: {
            get_weather: {
                description: 'Weather of a city',
                execute: () => {
                    throw new Error('the station is frozen');
                },
            },
        },
    });
    await session.start();
    const answered = next(session, 'toolAnswered');
    await ask(session);
    assert.equal((await answered).error, 'the station is frozen');
    assert.notEqual(session.state, 'closed');
});

test('typed words are answered like spoken ones', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }));
    await session.start();
    const spoken = next(session, 'transcript', ({ role, stage }) => role === 'assistant' && stage === 'final');
    session.sendText('Will you tell me a story?');
    assert.match((await spoken).text, /^Once upon a time/);
    assert.throws(() => session.sendText(''), { code: 'text_empty' });
});

test('interrupt silences the answer once', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: 'story' }));
    await session.start();
    const first = next(session, 'audio');
    await ask(session);
    const { turn } = await first;
    const interrupted = next(session, 'interrupted');
    session.interrupt();
    assert.equal((await interrupted).turn, turn);
    let sounds = 0;
    session.on('audio', (event) => (sounds += event.turn === turn ? 1 : 0));
    await session.close();
    assert.equal(sounds, 0);
});

test('sound that comes too fast waits, and arrives in order', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: 'parrot' });
    const session = sessionOf(t, simulator);
    await session.start();
    const sound = await question();
    // in pieces of odd sizes, as files and sockets have them, and none is waited for
    const sent = [];
    for (let at = 0; at < sound.length; at += 3_334) sent.push(session.sendAudio(sound.subarray(at, at + 3_334)));
    sent.push(session.sendAudio(new Int16Array(32_000)));
    const said = next(session, 'transcript', ({ role }) => role === 'user');
    assert.deepEqual(new Set(await Promise.all(sent)), new Set([undefined]));
    assert.ok((await said).text.length > 0);
});

test('events nobody takes are bounded: they wait, and none is lost', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }));
    await session.start();
    await ask(session);
    // the answer is complete before anybody looks
    await until(() => session.history.some(({ role, text }) => role === 'assistant' && text.endsWith('The end.')), 'an answer');
    assert.equal(session.state, 'idle', 'states are those of the events that were taken');
    const types = new Set();
    for await (const { type, text } of session) {
        types.add(type);
        if (text?.endsWith('The end.')) break;
    }
    for (const type of ['stateChanged', 'transcript', 'audio', 'usage']) assert.ok(types.has(type), type);
});

test('leaving a loop leaves the conversation as it is', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }));
    await session.start();
    for await (const event of session) if (event.type === 'stateChanged') break;
    await ask(session);
    for await (const event of session) if (event.type === 'transcript') break;
    assert.notEqual(session.state, 'closed');
    await session.close();
    for await (const event of session) assert.fail(`after the end came ${event.type}`);
});

test('the microphone can be closed and opened again, and ends a turn', LIMIT, async (t) => {
    const session = sessionOf(t, await startSimulator(t, { scenario: STORY }), { microphone: 'closed' });
    session.on('stateChanged', () => {});
    await session.start();
    session.pushToTalk(true);
    await session.sendAudio(await question());
    const answered = next(session, 'transcript', ({ role }) => role === 'assistant');
    session.pushToTalk(false);
    await answered;
    assert.equal(session.microphone, 'closed');
});

test('await using closes it', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const session = new VoiceSession(routeTo(simulator));
    await session.start();
    await session[Symbol.asyncDispose]();
    assert.equal(session.state, 'closed');
    assert.throws(() => session.sendText('too late'), (error) => error instanceof NovaSonicError && error.code === 'session_closed');
    // a microphone goes on a little longer, which is no mistake
    await session.sendAudio(new Int16Array(512));
});
