// Speech both ways: heard, answered, interrupted, muted, and ended without leaving anything behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { audible, compare, decibels, quantile } from '../support/ear.js';
import { direct, event, events, openWorld, start, streams } from '../support/world.js';
import { RATE, RAW, click, eventually, interruption, keepCount, left, listening, question, sounds, voiceFile, word } from './steps.js';

export function talking(stage) {
    test(`${stage.name}: a question is asked, and its answer comes out of the loudspeaker`, async (t) => {
        const { browser, sound } = stage;
        const first = await voiceFile(t, 2, 7);
        const second = await voiceFile(t, 1.2, 8);
        const say = [
            { text: 'She has lost her way.', recording: first.path },
            { text: 'But the owl knows it.', recording: second.path },
        ];
        const scenario = { name: 'fox', turns: [{ user: 'Why is the little fox so sad?', say }], otherwise: 'listen' };
        const world = await openWorld(t, browser, { scenario });
        const { page, simulator, site } = world;
        await keepCount(page);
        const heard = await sound.listen(t);
        // echo cancellation and its companions as they are by default
        assert.equal(await click(page, direct(world)), undefined);
        assert.equal((await sound.users()).recording, 1);
        await sound.speak(question);
        await event(page, 'stateChanged', ({ to }) => to === 'speaking');
        await event(page, 'stateChanged', ({ from }) => from === 'speaking');

        const messages = await page.evaluate(() => window.app.session.messages);
        assert.deepEqual(
            messages.map(({ role, text, stage, heard, source }) => ({ role, text, stage, heard, source })),
            [
                { role: 'user', text: 'Why is the little fox so sad?' },
                { role: 'assistant', text: 'She has lost her way. But the owl knows it.' },
            ].map((message) => ({ ...message, stage: 'final', heard: message.text, source: 'speech' })),
        );
        assert.match(site.asked[0].headers.cookie, /session=open/);
        assert.equal(site.asked.length, 1);
        const [stream] = await streams(simulator, (found) => found.length === 1);
        assert.deepEqual([stream.transport, stream.tls], ['web_socket', true]);
        assert.ok(stream.events_received > 60, `${stream.events_received} signed events were verified`);
        await page.screenshot({ path: stage.picture });
        t.diagnostic(`a picture of the page is in ${stage.picture}`);

        await page.evaluate(() => window.app.session.close());
        assert.deepEqual(await left(page), { tracks: 0, contexts: 0, workers: 0 });
        const [ended] = await streams(simulator, ([found]) => found.end !== null);
        assert.deepEqual([ended.end, ended.input_ended], ['completed', true]);
        const states = (await events(page, 'stateChanged')).map(({ value }) => value.to);
        assert.deepEqual(states, ['initializing', 'listening', 'thinking', 'speaking', 'listening', 'closed']);
        assert.deepEqual((await events(page, 'error')).map(({ value }) => value.code), []);
        // the system itself says that nobody listens any more
        await eventually(() => sound.users(), ({ recording, playing }) => recording === 0 && playing === 0);

        const samples = await heard();
        const answer = Int16Array.from([...first.samples, ...second.samples]);
        const told = judge(t, samples, answer);
        assert.ok(told.typical > 0.95, `half of the pieces are alike to ${told.typical}`);
        assert.ok(told.found > 0.8, `only ${told.found} of the answer was heard`);
        assert.ok(Math.abs(told.louder) < 2, `it was ${told.louder} dB louder than the answer`);
    });

    test(`${stage.name}: speech goes through microphone, wire and loudspeaker and is still itself`, async (t) => {
        const { browser, sound } = stage;
        const world = await openWorld(t, browser, { scenario: 'parrot' });
        const { page } = world;
        assert.equal(await click(page, { ...direct(world), audioConstraints: RAW }), undefined);
        await page.evaluate(() => {
            window.loudest = 0;
            setInterval(() => (window.loudest = Math.max(window.loudest, window.app.session.inputLevel)), 20);
        });
        // a busy machine leaves gaps, now here and now there; a package that loses sound loses it each time
        let told = { typical: 0 };
        for (let count = 1; count <= 3 && !(told.typical > 0.9 && told.found > 0.8); count += 1) {
            const heard = await sound.listen(t);
            await sound.speak(question);
            await event(page, 'stateChanged', ({ from }) => from === 'speaking', count);
            const next = judge(t, await heard(), question);
            if (next.typical > told.typical) told = next;
        }
        assert.ok(told.typical > 0.8, `half of the pieces are alike to ${told.typical}`);
        assert.ok(told.found > 0.5, `only ${told.found} of what was said was heard`);
        const loudest = await page.evaluate(() => window.loudest);
        assert.ok(loudest > 0.3 && loudest <= 1, `the level rose to ${loudest}`);
        assert.ok(Math.abs(told.louder) < 2, `it was ${told.louder} dB louder than what was said`);
    });

    test(`${stage.name}: the user interrupts, and the loudspeaker falls silent`, async (t) => {
        const { browser, sound } = stage;
        const { path, samples: answer } = await voiceFile(t, 12, 5);
        const turns = [{ user: 'Why is the little fox so sad?', say: [{ text: 'It is a long story.', recording: path }] }];
        const world = await openWorld(t, browser, { scenario: { name: 'long', turns, otherwise: 'listen' } });
        const { page } = world;
        const heard = await sound.listen(t);
        assert.equal(await start(page, direct(world)), undefined);
        await sound.speak(word);
        await sounds(page);
        // listens for a while
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await sound.speak(interruption);
        const { value } = await event(page, 'interrupted');
        const cut = (await page.evaluate(() => window.app.session.messages)).find(({ interrupted }) => interrupted);
        assert.ok(cut.text.startsWith(cut.heard) && cut.heard !== cut.text, `“${cut.heard}” was heard`);
        await page.evaluate(() => window.app.session.close());

        const samples = await heard();
        const heardMs = soundMs(samples);
        t.diagnostic(`${heardMs} ms came out, ${Math.round(value.heardMs)} ms were told`);
        assert.ok(heardMs > 1_000 && heardMs < 6_000, `${heardMs} ms of 12,000 came out`);
        assert.ok(Math.abs(value.heardMs - heardMs) < 300, `told ${value.heardMs} ms, heard ${heardMs} ms`);
        assert.ok(samples.length - audible(samples).last > RATE / 2, 'and then there was silence');
        const told = judge(t, samples, answer.subarray(0, (Math.min(heardMs, value.heardMs) * RATE) / 1000));
        assert.ok(told.found > 0.6, `only ${told.found} of it was the answer`);
    });

    test(`${stage.name}: a muted microphone is silent, and speaks again`, async (t) => {
        const { browser, sound } = stage;
        const world = await openWorld(t, browser, { scenario: listening });
        const { page, simulator } = world;
        assert.equal(await start(page, direct(world)), undefined);
        await page.evaluate(() => window.app.session.mute());
        const [before] = await streams(simulator, ([stream]) => stream.events_received > 20);
        await sound.speak(word);
        assert.equal(await page.evaluate(() => window.app.session.inputLevel), 0);
        // silence goes on, for longer than it takes to recognise somebody
        const enough = before.events_received + 110;
        await streams(simulator, ([stream]) => stream.events_received > enough);
        assert.deepEqual(await events(page, 'transcript'), []);
        await page.evaluate(() => window.app.session.unmute());
        await sound.speak(word);
        const { value } = await event(page, 'transcript', ({ role }) => role === 'user');
        assert.match(value.text, /^\(speech of [01]\./);
    });

    test(`${stage.name}: close() releases everything, whenever it comes`, async (t) => {
        const { browser, sound } = stage;
        const world = await openWorld(t, browser, { scenario: listening });
        const { page, simulator } = world;
        await keepCount(page);
        for (const ms of [0, 60, 200, 500]) {
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
            await eventually(() => left(page), ({ tracks, contexts, workers }) => tracks + contexts + workers === 0);
        }
        await streams(simulator, (found) => found.every(({ end }) => end !== null));
        await eventually(() => sound.users(), ({ recording, playing }) => recording === 0 && playing === 0);
    });
}

/** How alike what was heard is to what was said: half of the pieces are better than `typical`, and which share was found. */
function judge(t, heard, said) {
    const pieces = compare(heard, said, RATE);
    const lags = pieces.filter(({ found }) => found).map(({ lag }) => lag);
    const typical = quantile(pieces.map(({ likeness }) => likeness), 0.5);
    const found = lags.length / pieces.length;
    const stretched = Math.round(((Math.max(...lags) - Math.min(...lags)) * 1000) / RATE);
    t.diagnostic(`${pieces.length} pieces, typically alike to ${typical.toFixed(3)}; ${found.toFixed(2)} found; up to ${stretched} ms apart`);
    return { typical, found, louder: level(heard) - level(said) };
}

/** Loudness from the first to the last sample that can be heard, dBFS. */
function level(samples) {
    const { first, last } = audible(samples);
    return decibels(samples.subarray(first, last));
}

/** How long there was sound, ms: what was silent in between because the machine was busy does not count. */
function soundMs(samples) {
    const step = RATE / 100;
    let count = 0;
    for (let at = 0; at + step <= samples.length; at += step) {
        if (decibels(samples.subarray(at, at + step)) > -45) count += 1;
    }
    return 10 * count;
}
