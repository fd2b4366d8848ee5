// Another microphone and another loudspeaker in the middle of a conversation, and one that is pulled out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { direct, event, events, openWorld, start } from '../support/world.js';
import { keepCount, left, listening, question } from './steps.js';

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
        await sound.speak(question, { into: 'first' });
        await sound.speak(question, { into: 'second' });
        await recognised(page, 1);

        await sound.unplug('second');
        t.after(() => sound.plug('second'));
        const lost = await event(page, 'deviceChanged', (change) => change.lost);
        assert.match(lost.value.device.label, /first/);
        await sound.speak(question, { into: 'first' });
        await recognised(page, 2);
        assert.deepEqual(await events(page, 'error'), []);
    });
}
