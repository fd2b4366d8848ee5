// React's half in a real browser: real workers, sockets, microphones; real pointers and keys.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { startBackend } from './support/backend.js';
import { openPage, until } from './support/browser.js';
import { viteDev } from './support/bundler.js';

const LIMIT = { timeout: 400_000 };
const TALK_BUTTON = 'button[aria-pressed]';

let backend;
let browser;
let origin;
const endings = [];
before(async () => {
    const file = { after: (end) => endings.unshift(end) };
    backend = await startBackend(file);
    browser = await startBrowser(file);
    origin = await viteDev(file, 'vite-8');
}, LIMIT);
after(async () => {
    for (const end of endings) await end();
});

/** The page in StrictMode, with what it opened. */
async function open(t, options = {}) {
    const { page, said } = await openPage(t, browser);
    await page.goto(`${origin}/?react#${encodeURIComponent(JSON.stringify({ ...backend.options, ...options }))}`);
    const state = (wanted, what) =>
        until(page, () => window.seen, (seen) => seen?.error || seen?.states.at(-1) === wanted, what, said).then(({ error }) => {
            assert.equal(error, undefined, said.join('\n'));
        });
    const nothingOpen = () =>
        until(
            page,
            () => Object.values(window.stillOpen()).reduce((sum, count) => sum + count),
            (count) => count === 0,
            'nothing is open',
            said,
        );
    const leave = () => page.click('[data-route="other"]');
    const come = () => page.click('[data-route="talk"]');
    return { page, said, state, nothingOpen, leave, come };
}

test('leaving the route in mid-sentence leaves no socket, worker, context or microphone', LIMIT, async (t) => {
    const { page, said, state, nothingOpen, leave, come } = await open(t);
    for (const _round of ['first', 'second']) {
        await page.click(TALK_BUTTON);
        await state('speaking', 'an answer begins');
        assert.equal((await page.evaluate(() => window.stillOpen())).workers, 1, 'one worker, although mounted twice');
        await leave();
        await nothingOpen();
        await noWorkers(page);
        await come();
    }
    const { workers, tracks, contexts } = await page.evaluate(() => window.everOpened());
    assert.ok(workers === 2 && tracks === 2 && contexts >= 2, JSON.stringify({ workers, tracks, contexts }));
    assert.deepEqual(said.filter((line) => line.startsWith('uncaught')), []);
});

test('leaving the route at any moment of the start leaves nothing either', LIMIT, async (t) => {
    const { page, said, nothingOpen, leave, come } = await open(t);
    for (const milliseconds of [0, 5, 20, 50, 100, 200, 400]) {
        await page.click(TALK_BUTTON);
        await page.waitForTimeout(milliseconds);
        await leave();
        await nothingOpen();
        await noWorkers(page);
        await come();
    }
    // nothing comes late
    await page.waitForTimeout(1_000);
    await nothingOpen();
    const { workers, tracks } = await page.evaluate(() => window.everOpened());
    assert.ok(workers > 0 && tracks > 0, 'some had got far enough to open something');
    assert.deepEqual(said.filter((line) => line.startsWith('uncaught')), []);
});

test('a button is held by the mouse and by keys, and the microphone follows', LIMIT, async (t) => {
    const { page, state } = await open(t, { testMode: 'hold' });
    const button = page.locator(TALK_BUTTON);
    const position = () => page.evaluate(() => window.seen.microphone);
    const follows = (wanted) => until(page, () => window.seen.microphone, (now) => now === wanted, `the microphone is ${wanted}`);

    await button.hover();
    await page.mouse.down();
    await page.mouse.up();
    await state('idle', 'the conversation stands, with the microphone closed');
    assert.equal(await position(), 'closed');

    await page.mouse.down();
    await follows('open');
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    // off the button and still held
    await page.mouse.move(5, 500);
    assert.equal(await position(), 'open');
    await page.mouse.up();
    await follows('closed');
    assert.equal(await button.getAttribute('aria-pressed'), 'false');

    await button.focus();
    for (const key of ['Space', 'Enter']) {
        await page.keyboard.down(key);
        await follows('open');
        await page.keyboard.up(key);
        await follows('closed');
    }
    await page.keyboard.down('Space');
    await follows('open');
    await page.keyboard.press('Tab');
    await follows('closed');
    await page.keyboard.up('Space');
});

test('a meter moves, and nothing else renders for it', LIMIT, async (t) => {
    const { page, state } = await open(t);
    await page.click(TALK_BUTTON);
    await state('speaking', 'an answer begins');
    const look = () => ({
        level: Number(document.querySelector('[role=meter]').style.getPropertyValue('--level')),
        renders: window.renders,
    });
    await until(page, look, ({ level }) => level > 0.05, 'the voice of the answer shows');
    const before = await page.evaluate(look);
    await page.waitForTimeout(1_000);
    const after = await page.evaluate(look);
    assert.ok(after.renders.meter - before.renders.meter > 5, JSON.stringify([before, after]));
    assert.equal(after.renders.site, before.renders.site);
    assert.ok(after.renders.witness - before.renders.witness <= 4, 'only for states and words');
});

/** A worker's socket ends with it; that it has ended is heard a moment later. */
async function noWorkers(page) {
    await Promise.all(page.workers().map((worker) => new Promise((resolve) => worker.once('close', resolve))));
    assert.deepEqual(page.workers(), []);
}
