// The child interrupts: the storyteller falls silent, and page and record say what was heard and what was not.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RATE, agreement, noiseFile, position } from '../browser/support/answers.js';
import { questionAndInterruption, startBrowser } from '../browser/support/chromium.js';
import { sessions } from './support/backend.js';
import { heard } from './support/listening.js';
import { captions, said, standing, start, stop, until } from './support/story.js';
import { openWorld } from './support/world.js';

/** When the child interrupts, seconds after its question. */
const SECONDS = 7;

test('what was cut off is struck through, read out as such, and not stored', async (t) => {
    const browser = await startBrowser(t, { voice: await questionAndInterruption(SECONDS) });
    const { path, samples: answer } = await noiseFile(t, 16, 4);
    const text = 'It is a long story, and it begins on a cold morning, long before anybody in the forest was awake, and it ends at home.';
    const scenario = {
        name: 'long',
        turns: [
            { user: 'Why is the little fox so sad?', say: [{ text, recording: path }] },
            { user: 'Wait! Can the fox have a friend, please?', say: [{ text: 'Of course.' }] },
        ],
        otherwise: 'listen',
    };
    const { page, backend } = await openWorld(t, browser, { scenario, listens: true });
    await start(page);
    await said(page, 'assistant', 'Of course.');
    await standing(page, 'listening');

    const [, cut, wish, last] = await captions(page);
    assert.equal(cut.text, text, 'all of it stays readable');
    assert.ok(cut.heard !== '' && cut.heard.length < text.length && text.startsWith(cut.heard), `“${cut.heard}” was heard`);
    assert.deepEqual([wish.text, last.text], ['Wait! Can the fox have a friend, please?', 'Of course.']);
    const entry = page.locator('.captions li[data-interrupted]');
    assert.equal(await entry.locator('s').textContent(), text.slice(cut.heard.length));
    assert.match(await entry.textContent(), /\(interrupted; not heard: .*\)$/);
    assert.match(await entry.locator('s').evaluate((struck) => getComputedStyle(struck).textDecorationLine), /line-through/);

    // the ear has it as the page says
    const samples = await heard(page);
    const seconds = agreement(samples, answer, position(samples, answer)) / RATE;
    t.diagnostic(`${seconds.toFixed(1)} s of 16 were heard: “${cut.heard}”`);
    assert.ok(seconds > 1 && seconds < SECONDS + 3, `${seconds} s of 16 were heard`);

    await stop(page);
    const [session] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual(session.messages.map((message) => message.text), ['Why is the little fox so sad?', cut.heard, wish.text, last.text]);
});
