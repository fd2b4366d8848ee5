// Another microphone and another loudspeaker in the middle of a conversation, and one that is pulled out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decibels } from '../support/ear.js';
import { direct, event, events, openWorld, start } from '../support/world.js';
import { keepCount, left, listening, sounds, voiceFile, word } from './steps.js';

/** Waits until the model has recognised somebody as often as that. */
const recognised = (page, count) => event(page, 'transcript', ({ role }) => role === 'user', count);

export function devices(stage) {
    test(`${stage.name}: another microphone takes over, and when it is pulled out the first one`, async (t) => {
        const { browser, sound } = stage;
        const world = await openWorld(t, browser, { scenario: listening });
        const { page } = world;
        await keepCount(page);
        assert.equal(await start(page, direct(world)), undefined);
        const { inputs } = await page.evaluate(() => window.app.session.devices());
        t.diagnostic(`microphones: ${inputs.map(({ label }) => label).join(', ')}`);
        const second = inputs.find(({ label }) => label.includes('second'));
        await page.evaluate((id) => window.app.session.setInputDevice(id), second.id);
        const { value } = await event(page, 'deviceChanged');
        assert.deepEqual([value.direction, value.device.label, value.lost], ['input', second.label, false]);
        assert.equal((await left(page)).tracks, 1);
        // the first one is not heard any more
        await sound.speak(word, { into: 'first' });
        await sound.speak(word, { into: 'second' });
        const { value: said } = await recognised(page, 1);
        assert.match(said.text, /^\(speech of [01]\./, 'one of the two was heard');

        await sound.unplug('second');
        t.after(() => sound.plug('second'));
        const lost = await event(page, 'deviceChanged', (change) => change.lost);
        assert.match(lost.value.device.label, /first/);
        await sound.speak(word, { into: 'first' });
        await recognised(page, 2);
        assert.deepEqual(await events(page, 'error'), []);
    });

    test(`${stage.name}: another loudspeaker takes over where the engine has that, and else says that it has not`, async (t) => {
        const { browser, sound } = stage;
        const { path } = await voiceFile(t, 4, 9);
        const scenario = { name: 'long', turns: [{ say: [{ text: 'So.', recording: path }] }], otherwise: 'listen' };
        const world = await openWorld(t, browser, { scenario });
        const { page } = world;
        assert.equal(await start(page, { ...direct(world), microphone: 'muted' }), undefined);
        const { outputs } = await page.evaluate(() => window.app.session.devices());
        t.diagnostic(`loudspeakers: ${outputs.map(({ label }) => label).join(', ')}`);
        const choose = (id) => page.evaluate((id) => window.app.session.setOutputDevice(id).catch((error) => error.code), id);
        if (!stage.choosesLoudspeaker) {
            assert.equal(await choose('another'), 'output_unavailable');
            return;
        }
        const heard = await sound.listen(t, { to: 'back' });
        await page.evaluate(() => window.app.session.sendText('Well?'));
        await sounds(page);
        const back = outputs.find(({ label }) => label.includes('back'));
        await choose(back.id);
        const { value } = await event(page, 'deviceChanged');
        assert.deepEqual([value.direction, value.device.label, value.lost], ['output', back.label, false]);
        await event(page, 'stateChanged', ({ from }) => from === 'speaking');
        const samples = await heard();
        assert.ok(decibels(samples.slice(0, 2_000)) < -80, 'nothing came out of it before');
        assert.ok(decibels(samples.slice(-16_000)) > -25, 'and then the answer did');
    });
}
