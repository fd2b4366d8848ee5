// What a page can do in a conversation: type, mute, push to talk, silence, and end it without leaving anything behind.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { agreement, noiseFile, position } from './support/answers.js';
import { questionAndInterruption, startBrowser } from './support/chromium.js';
import { direct, event, events, openWorld, start, streams } from './support/world.js';

let browser;
const endings = [];
before(async () => {
    const voice = await questionAndInterruption(6);
    browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice });
});
after(async () => {
    for (const end of endings) await end();
});

const listening = { name: 'listening', otherwise: 'listen' };

/** A long answer, of which every sample is known. */
async function longAnswer(t, seconds = 12) {
    const { path, samples } = await noiseFile(t, seconds, 5);
    const turns = [{ user: 'Why is the little fox so sad?', say: [{ text: 'It is a long story.', recording: path }] }];
    return { scenario: { name: 'long', turns, otherwise: 'listen' }, samples };
}

test('what is typed is answered like speech', async (t) => {
    const world = await openWorld(t, browser, {
        scenario: { name: 'typed', turns: [{ say: [{ text: 'I can read.' }] }], otherwise: 'listen' },
    });
    const { page } = world;
    assert.equal(await start(page, { ...direct(world), microphone: 'muted' }), undefined);
    await page.evaluate(() => window.app.session.sendText('Can you read?'));
    await event(page, 'transcript', ({ text, stage }) => text === 'I can read.' && stage === 'final');
    const [typed, answer] = await page.evaluate(() => window.app.session.messages);
    assert.deepEqual([typed.role, typed.text, typed.source], ['user', 'Can you read?', 'text']);
    assert.deepEqual([answer.role, answer.text, answer.source], ['assistant', 'I can read.', 'speech']);
});

test('the user interrupts: silence within a quantum, and the history ends where the ear did', async (t) => {
    const { scenario, samples: answer } = await longAnswer(t);
    const world = await openWorld(t, browser, { scenario });
    const { page } = world;
    await page.evaluate(() => window.app.tapped());
    assert.equal(await start(page, direct(world)), undefined);
    const { value } = await event(page, 'interrupted');

    // let a second pass, in which nothing may be heard
    await page.waitForTimeout(1_000);
    const { samples } = await page.evaluate(() => window.app.heard());
    const at = position(samples, answer);
    const heard = agreement(samples, answer, at);
    assert.ok(heard > 24_000 && heard < answer.length, `${heard} samples were heard`);
    assert.equal(heard % 128, (128 - (at % 128)) % 128, 'it ends where a quantum does');
    assert.ok(samples.slice(at + heard).every((sample) => sample === 0), 'and then there is silence');
    assert.ok(Math.abs(value.heardMs - heard / 24) < 250, `told ${value.heardMs} ms, heard ${heard / 24} ms`);
    const cut = (await page.evaluate(() => window.app.session.messages)).find(({ interrupted }) => interrupted);
    assert.equal(cut.text, 'It is a long story.');
    assert.ok(cut.text.startsWith(cut.heard) && cut.heard !== cut.text, `“${cut.heard}” was heard`);
    assert.equal((await events(page, 'interrupted')).length, 1);
});

test('interrupt() silences the answer, and the conversation goes on', async (t) => {
    const { scenario, samples: answer } = await longAnswer(t);
    scenario.turns.push({ say: [{ text: 'As you like.' }] });
    const world = await openWorld(t, browser, { scenario });
    const { page } = world;
    await page.evaluate(() => window.app.tapped());
    assert.equal(await start(page, { ...direct(world), microphone: 'muted' }), undefined);
    await page.evaluate(() => window.app.session.sendText('Why?'));
    await event(page, 'stateChanged', ({ to }) => to === 'speaking');
    await page.waitForTimeout(700);
    await page.evaluate(() => window.app.session.interrupt());
    await event(page, 'interrupted');
    await page.waitForTimeout(500);
    const { samples } = await page.evaluate(() => window.app.heard());
    const at = position(samples, answer);
    const heard = agreement(samples, answer, at);
    assert.ok(heard > 0 && heard < answer.length / 2, `${heard} samples were heard`);
    assert.ok(samples.slice(at + heard).every((sample) => sample === 0));
});

test('a muted microphone is silent, and the stream stays alive', async (t) => {
    const own = await startBrowser(t, { voice: await questionAndInterruption(15) });
    const world = await openWorld(t, own, { scenario: listening });
    const { page, simulator } = world;
    assert.equal(await start(page, { ...direct(world), microphone: 'muted' }), undefined);
    assert.equal(await page.evaluate(() => window.app.session.muted), true);
    // the question is asked meanwhile, and nobody hears it: seven seconds of silence are sent
    await streams(simulator, ([stream]) => stream.events_received > 220);
    assert.deepEqual(await events(page, 'transcript'), []);
    assert.equal(await page.evaluate(() => window.app.session.inputLevel), 0);
    await page.evaluate(() => window.app.session.unmute());
    assert.equal(await page.evaluate(() => window.app.session.muted), false);
    // the second thing that is said
    await event(page, 'transcript', ({ role }) => role === 'user');
});

test('push-to-talk sends what is said while it is pressed', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'story' });
    const { page } = world;
    assert.equal(await start(page, { ...direct(world), microphone: 'closed' }), undefined);
    await event(page, 'stateChanged', ({ to }) => to === 'idle');
    await page.evaluate(() => window.app.session.pushToTalk(true));
    await event(page, 'stateChanged', ({ to }) => to === 'listening');
    await page.waitForFunction(() => window.app.session.inputLevel > 0.4, undefined, { polling: 20 });
    await page.waitForTimeout(2_500);
    await page.evaluate(() => window.app.session.pushToTalk(false));
    await event(page, 'stateChanged', ({ to }) => to === 'speaking');
    const [question] = await page.evaluate(() => window.app.session.messages);
    assert.deepEqual([question.role, question.text], ['user', 'Why is the little fox so sad?']);
    assert.deepEqual(
        (await events(page, 'microphoneChanged')).map(({ value }) => value.position),
        ['open', 'closed'],
    );
});

test('close() releases microphone, contexts, worker and socket, whenever it comes', async (t) => {
    const world = await openWorld(t, browser, { scenario: listening });
    const { page, simulator } = world;
    await page.evaluate(() => {
        window.made = { tracks: [], contexts: [], workers: [] };
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            const stream = await ask(constraints);
            window.made.tracks.push(...stream.getTracks());
            return stream;
        };
        window.AudioContext = class extends AudioContext {
            constructor(...options) {
                super(...options);
                window.made.contexts.push(this);
            }
        };
        window.Worker = class extends Worker {
            constructor(...options) {
                super(...options);
                window.made.workers.push(this);
            }
            terminate() {
                this.ended = true;
                super.terminate();
            }
        };
    });
    const left = () =>
        page.evaluate(() => ({
            tracks: window.made.tracks.filter(({ readyState }) => readyState === 'live').length,
            contexts: window.made.contexts.filter(({ state }) => state !== 'closed').length,
            workers: window.made.workers.filter(({ ended }) => !ended).length,
        }));

    assert.equal(await start(page, direct(world)), undefined);
    assert.deepEqual(await left(), { tracks: 1, contexts: 2, workers: 1 });
    await page.evaluate(() => window.app.session.close());
    assert.deepEqual(await left(), { tracks: 0, contexts: 0, workers: 0 });
    await streams(simulator, ([stream]) => stream.end === 'completed');

    // at every stage of the start
    for (const ms of [0, 20, 60, 150, 300, 600]) {
        const failure = await page.evaluate(
            async ({ options, ms }) => {
                const starting = window.app.start(options);
                await new Promise((resolve) => setTimeout(resolve, ms));
                await window.app.session.close();
                return starting;
            },
            { options: direct(world), ms },
        );
        assert.ok(failure === undefined || failure.code === 'aborted', JSON.stringify(failure));
        await page.waitForTimeout(300);
        assert.deepEqual(await left(), { tracks: 0, contexts: 0, workers: 0 }, `closed after ${ms} ms`);
    }
    await streams(simulator, (found) => found.every(({ end }) => end !== null));
});

test('a session starts once', async (t) => {
    const world = await openWorld(t, browser, { scenario: listening });
    const { page } = world;
    assert.equal(await start(page, direct(world)), undefined);
    const again = await page.evaluate(() => window.app.session.start().catch((error) => error.code));
    assert.equal(again, 'session_started');
    await page.evaluate(() => window.app.session.close());
    const later = await page.evaluate(() => window.app.session.start().catch((error) => error.code));
    assert.equal(later, 'session_closed');
});
