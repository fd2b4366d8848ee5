// Nobody is shut out: axe finds nothing, keys do everything, and screen readers are told little.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { player, said, standing, start } from './support/story.js';
import { visitStates } from './support/states.js';
import { openWorld } from './support/world.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe complains about on the page as it is now. */
async function complaints(page) {
    await page.evaluate(axe);
    return page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
    });
}

test('axe finds nothing to complain about in any state, by day and by night, on a desk and on a phone', async (t) => {
    const found = {};
    await visitStates(t, async (state, page) => {
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            for (const complaint of await complaints(page)) (found[`${state}, ${colorScheme}`] ??= []).push(complaint);
        }
        // the one that does not wait has been looked at for long enough
        if (state === 'speaking') return;
        const size = page.viewportSize();
        await page.setViewportSize({ width: 375, height: 720 });
        for (const complaint of await complaints(page)) (found[`${state}, phone`] ??= []).push(complaint);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) (found[`${state}, phone`] ??= []).push('it must be scrolled sideways');
        await page.setViewportSize(size);
    });
    assert.deepEqual(found, {});
});

test('keys alone lead through a conversation, and a screen reader is told each thing once', async (t) => {
    const scenario = { name: 'keys', turns: [{ say: [{ text: 'I can hear your fingers.' }] }], otherwise: 'listen' };
    const browser = await startBrowser(t, { voice: new Int16Array(16_000) });
    const { page } = await openWorld(t, browser, { scenario });
    const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.ariaLabel || document.activeElement.name);
    // the heading has the focus when the page comes
    assert.equal(await focused(), await page.getByRole('heading', { level: 1 }).textContent());
    await page.evaluate(() => {
        window.told = [];
        for (const region of document.querySelectorAll('.player [role="status"], .player [role="log"]')) {
            new MutationObserver(() => {
                // what is hidden from screen readers is not told
                const copy = region.cloneNode(true);
                for (const hidden of copy.querySelectorAll('[aria-hidden="true"]')) hidden.remove();
                const text = copy.textContent;
                if (text !== '' && window.told.at(-1) !== text) window.told.push(text);
            }).observe(region, { childList: true, characterData: true, subtree: true, attributes: true });
        }
    });
    const tabTo = async (name) => {
        for (let count = 0; count < 30; count += 1) {
            if ((await focused()) === name) return;
            await page.keyboard.press('Tab');
        }
        throw new Error(`no key leads to ${name}`);
    };
    await tabTo('Start talking');
    await page.keyboard.press('Enter');
    await standing(page, 'listening');
    await page.getByRole('radio', { name: 'Just speak' }).focus();
    await page.keyboard.press('ArrowRight');
    await standing(page, 'waiting');
    await page.getByRole('button', { name: 'Hold to talk' }).focus();
    await page.keyboard.down('Space');
    await standing(page, 'listening');
    assert.equal(await page.getByRole('button', { pressed: true }).textContent(), 'Let go to send');
    await page.keyboard.up('Space');
    await page.getByLabel('Write to the storyteller').focus();
    await page.keyboard.type('Can you hear me?');
    await page.keyboard.press('Enter');
    await said(page, 'assistant', 'I can hear your fingers.');
    await page.getByRole('button', { name: 'Stop' }).focus();
    await page.keyboard.press('Enter');
    await standing(page, 'ended');
    assert.equal(await player(page).getByRole('button', { name: 'Talk again' }).count(), 1);
    const conversation = 'YouCan you hear me?';
    assert.deepEqual(await page.evaluate(() => window.told), [
        'Connecting',
        'You can speak now.',
        conversation,
        `${conversation}StorytellerI can hear your fingers.`,
        'The conversation is over.',
    ]);
});
