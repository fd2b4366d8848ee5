// The first conversation in another engine than Chromium's, with a microphone and a loudspeaker as programs see them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RATE, eventually, question, voiceFile } from '../../browser/engines/steps.js';
import { compare, quantile } from '../../browser/support/ear.js';
import { startSound } from '../../browser/support/pulse.js';
import { streams } from '../../browser/support/world.js';
import { startSimulator } from '../../interop/node/support/simulator.js';
import { PASSWORD, sessions, startBackend } from './backend.js';
import { lastFirst } from './world.js';

/** A browser starts slowly where others compute beside it, ms. */
const PATIENCE_MS = 30_000;

/** How often the child asks at most. */
const ATTEMPTS = 3;

/** Holds it in `engine`, or says why that cannot be. */
export function firstConversation(engine) {
    test(`${engine.name}: a child asks, and hears the answer`, { skip: engine.missing ?? false }, async (test) => {
        const t = lastFirst(test);
        const first = await voiceFile(t, 2, 7);
        const second = await voiceFile(t, 1.2, 8);
        const say = [
            { text: 'She has lost her way.', recording: first.path },
            { text: 'But the owl knows it.', recording: second.path },
        ];
        const turn = { user: 'Why is the little fox so sad?', say };
        const scenario = { name: 'fox', turns: Array.from({ length: ATTEMPTS }, () => turn), otherwise: 'listen' };
        const simulator = await startSimulator(t, { scenario, options: ['--control'] });
        const backend = await startBackend(t, simulator);
        const sound = await startSound(t);
        const browser = await engine.start(t, sound);
        const context = await browser.newContext();
        t.after(() => context.close());
        const page = await context.newPage();

        await page.goto(`${backend.origin}/`);
        await page.evaluate((password) => {
            document.querySelector('[name=username]').value = 'mila';
            document.querySelector('[name=password]').value = password;
            document.querySelector('form').requestSubmit();
        }, PASSWORD);
        await there(page, '.book');
        await page.click('.book');
        await there(page, '.player[data-state="ready"]');
        // a real click, without which no browser lets a page make sound
        await page.click('.controls .main');
        await there(page, '.player[data-state="listening"]');
        // a busy machine leaves gaps, now here and now there; a page that loses sound loses it each time
        const answer = Int16Array.from([...first.samples, ...second.samples]);
        let best = { found: 0, typical: 0 };
        let asked = 0;
        while (asked < ATTEMPTS && !(best.typical > 0.95 && best.found > 0.8)) {
            const heard = await sound.listen(t);
            await sound.speak(question);
            asked += 1;
            await there(page, `.captions li:nth-child(${2 * asked})[data-role="assistant"][data-stage="final"]`);
            await there(page, '.player[data-state="listening"]');
            const pieces = compare(await heard(), answer, RATE);
            const found = pieces.filter((piece) => piece.found).length / pieces.length;
            const typical = quantile(pieces.map(({ likeness }) => likeness), 0.5);
            t.diagnostic(`typically alike to ${typical.toFixed(3)}; ${found.toFixed(2)} found`);
            if (found > best.found) best = { found, typical };
        }
        assert.ok(best.typical > 0.95, `half of the pieces are alike to ${best.typical}`);
        assert.ok(best.found > 0.8, `only ${best.found} of the answer was heard`);
        const words = await page.evaluate(() => Array.from(document.querySelectorAll('.captions .words'), ({ textContent }) => textContent));
        const exchange = ['Why is the little fox so sad?', 'She has lost her way. But the owl knows it.'];
        assert.deepEqual(words, Array.from({ length: asked }, () => exchange).flat());
        assert.equal(await page.evaluate(() => document.querySelector('.transport').dataset.transport), 'direct');
        const [stream] = await streams(simulator, (found) => found.length === 1);
        assert.deepEqual([stream.transport, stream.tls], ['web_socket', true]);

        await page.click('.controls .stop');
        await there(page, '.player[data-state="ended"]');
        // the system itself says that nobody listens any more
        await eventually(() => sound.users(), ({ recording, playing }) => recording === 0 && playing === 0);
        const [session] = await eventually(() => sessions(backend), ([found]) => found.state !== 'open');
        assert.deepEqual([session.state, session.messages.map(({ text }) => text)], ['ended', words]);
    });
}

/** Waits until the page has such an element; looks from outside, for pages that come and go. */
async function there(page, selector) {
    const look = () => page.evaluate((selector) => document.querySelector(selector) !== null, selector).catch(() => false);
    await eventually(look, (found) => found, PATIENCE_MS).catch(async () => {
        throw new Error(`there is no ${selector}: ${await page.evaluate(() => document.body.innerText)}`);
    });
}
