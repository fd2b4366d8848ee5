// The start of a conversation: what is done at once, what waits for what, and what is left when it comes to nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { keepCount, left } from './engines/steps.js';
import { startBrowser } from './support/chromium.js';
import { direct, event, events, openWorld, streams } from './support/world.js';

const NOTHING_LEFT = { tracks: 0, contexts: 0, workers: 0 };
const listening = { name: 'listening', turns: [], otherwise: 'listen' };
/** The user has allowed the microphone before. */
const allowed = { permissions: ['microphone', 'local-network-access'] };
/** The user will be asked. */
const asked = { permissions: ['local-network-access'] };

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

/** A page whose microphone comes when the test says so. */
async function open(t, context) {
    const world = await openWorld(t, browser, { scenario: listening, context });
    const { page } = world;
    await keepCount(page);
    await page.evaluate(() => {
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (constraints) => {
            window.isAsked = true;
            return new Promise((resolve, reject) => {
                window.allow = () => resolve(ask(constraints));
                window.refuse = () => reject(new DOMException('no', 'NotAllowedError'));
            });
        };
    });
    return world;
}

/** Starts without waiting; the outcome is `window.outcome`. */
async function begin(page, options) {
    await page.evaluate((options) => {
        window.outcome = window.app.start(options).then((failure) => failure ?? 'talking');
    }, options);
}

const outcome = (page) => page.evaluate(() => window.outcome);
const state = (page) => page.evaluate(() => window.app.session.state);

async function until(holds, what) {
    const end = Date.now() + 20_000;
    while (!(await holds())) {
        if (Date.now() > end) throw new Error(`${what} within 20 s`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

test('while the user is asked, credentials are fetched and no stream is opened', async (t) => {
    const world = await open(t, asked);
    const { page, site, simulator } = world;
    await begin(page, direct(world));
    await until(() => site.asked.length === 1, 'credentials are asked for');
    // all else is there by now
    await page.waitForTimeout(500);
    assert.deepEqual(await streams(simulator), []);
    assert.equal(await state(page), 'initializing');
    await page.evaluate(() => window.allow());
    assert.equal(await outcome(page), 'talking');
    await streams(simulator, (found) => found.length === 1);
    assert.equal(site.asked.length, 1, 'once');
});

test('a user who has allowed the microphone before waits for microphone and connection at once, and is listened to when both are there', async (t) => {
    const world = await open(t, allowed);
    const { page, simulator } = world;
    await begin(page, direct(world));
    await streams(simulator, (found) => found.length === 1);
    await page.waitForTimeout(300);
    assert.equal(await state(page), 'initializing');
    assert.deepEqual((await events(page, 'stateChanged')).map(({ value }) => value.to), ['initializing']);
    await page.evaluate(() => window.allow());
    assert.equal(await outcome(page), 'talking');
    await event(page, 'stateChanged', ({ to }) => to === 'listening');
    assert.equal(await page.evaluate(() => window.app.session.transport), 'direct');
});

test('a microphone that is refused while the connection opens, or after it, leaves nothing behind', async (t) => {
    const world = await open(t, allowed);
    const { page, simulator } = world;
    for (const waits of [true, false]) {
        await page.evaluate(() => (window.isAsked = false));
        await begin(page, direct(world));
        if (waits) await streams(simulator, (found) => found.some(({ end }) => end === null));
        else await page.waitForFunction(() => window.isAsked);
        await page.evaluate(() => window.refuse());
        assert.equal((await outcome(page)).code, 'microphone_denied');
        assert.deepEqual(await left(page), NOTHING_LEFT);
        const [{ value }] = await events(page, 'closed');
        assert.equal(value.reason, 'microphone_denied');
        await streams(simulator, (found) => found.every(({ end }) => end !== null));
    }
});

test('a page that is told the rest by its server has its devices open by then', async (t) => {
    const world = await open(t, asked);
    const { page, site } = world;
    await page.evaluate(() => {
        window.app.rest = new Promise((resolve, reject) => Object.assign(window, { tell: resolve, fail: reject }));
        const session = window.app.make({ systemPrompt: 'Wait.' });
        window.outcome = session.start(window.app.rest).then(
            () => 'talking',
            (error) => window.app.plain(error),
        );
        // while nothing is known of the connection
        session.mute();
    });
    await page.waitForFunction(() => window.isAsked);
    await page.evaluate(() => window.allow());
    await page.waitForFunction(() => window.app.session.inputDevice !== undefined);
    assert.deepEqual([site.asked.length, await state(page)], [0, 'initializing']);
    await page.evaluate((options) => window.tell(options), direct(world));
    assert.equal(await outcome(page), 'talking');
    assert.equal(await page.evaluate(() => window.app.session.microphone), 'muted');
    await page.evaluate(() => window.app.session.close());
    assert.deepEqual(await left(page), NOTHING_LEFT);
});

for (const [what, end, code] of [
    ['the server refuses', () => window.fail(new Error('not today')), 'credentials_unreachable'],
    ['the page closes it', () => window.app.session.close(), 'aborted'],
    ['the microphone is refused', () => window.refuse(), 'microphone_denied'],
]) {
    test(`a start that waits for the rest ends at once when ${what}`, async (t) => {
        const { page, site, simulator } = await open(t, asked);
        await page.evaluate(() => {
            const rest = new Promise((resolve, reject) => Object.assign(window, { tell: resolve, fail: reject }));
            window.outcome = window.app.make({}).start(rest).catch((error) => window.app.plain(error));
        });
        await page.waitForFunction(() => window.isAsked);
        if (code !== 'microphone_denied') await page.evaluate(() => window.allow());
        await page.evaluate(`(${end})()`);
        const failure = await outcome(page);
        assert.equal(failure.code, code);
        if (code === 'credentials_unreachable') assert.match(failure.message, /not today/);
        assert.deepEqual(await left(page), NOTHING_LEFT);
        assert.equal(await state(page), 'closed');
        // an answer that comes now is nobody's
        await page.evaluate(() => window.tell({ credentials: '/grant' }));
        await page.waitForTimeout(200);
        assert.deepEqual([site.asked.length, await streams(simulator)], [0, []]);
    });
}

test('what is loaded early is one worker and no device, asks for nothing, and serves one conversation', async (t) => {
    const world = await open(t, asked);
    const { page, site } = world;
    await page.evaluate(() => {
        window.app.preload();
        window.app.preload();
    });
    await until(async () => (await left(page)).contexts === 0, 'the context that wakes the audio is closed');
    assert.deepEqual(await left(page), { ...NOTHING_LEFT, workers: 1 });
    assert.deepEqual([site.asked.length, await page.evaluate(() => window.isAsked ?? false)], [0, false]);
    for (const conversation of [1, 2]) {
        await begin(page, direct(world));
        await page.waitForFunction(() => window.isAsked);
        await page.evaluate(() => window.allow());
        assert.equal(await outcome(page), 'talking', `conversation ${conversation}`);
        assert.deepEqual(await left(page), { tracks: 1, contexts: 2, workers: 1 });
        await page.evaluate(() => window.app.session.close());
        assert.deepEqual(await left(page), NOTHING_LEFT);
        await page.evaluate(() => (window.isAsked = false));
    }
});
