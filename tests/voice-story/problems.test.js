// What goes wrong is said in words that help, and can be mended without loading the page again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { streams } from '../browser/support/world.js';
import { sessions } from './support/backend.js';
import { player, said, standing, start, stop, until, write } from './support/story.js';
import { openWorld } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

const scenario = { name: 'one', turns: [{ say: [{ text: 'Here I am.' }] }], otherwise: 'listen' };

/** What the page says, once it says that something went wrong. */
async function problem(page, code) {
    const box = player(page).locator(`.problem[data-code="${code}"]`);
    await box.waitFor();
    return box.innerText();
}

test('a microphone that is not allowed, and then is', async (t) => {
    const { page, backend } = await openWorld(t, browser, { scenario });
    await page.evaluate(() => {
        const ask = navigator.mediaDevices.getUserMedia;
        navigator.mediaDevices.getUserMedia = () => {
            navigator.mediaDevices.getUserMedia = ask;
            return Promise.reject(new DOMException('', 'NotAllowedError'));
        };
    });
    await start(page);
    assert.match(await problem(page, 'microphone_denied'), /may not use the microphone.*choose “Allow”/s);
    assert.equal(await start(page), 'Try again');
    await standing(page, 'listening');
    assert.equal(await player(page).getByRole('alert').count(), 0);
    await stop(page);
    // the attempt that failed is on record, too
    const kept = await until(() => sessions(backend), (found) => found.length === 2 && found.every(({ state }) => state !== 'open'));
    assert.deepEqual(kept.map(({ state, reason }) => [state, reason]), [['failed', 'microphone_denied'], ['ended', 'hangup']]);
});

test('somebody who was signed out meanwhile is led to the login', async (t) => {
    const { page, context } = await openWorld(t, browser, { scenario });
    await context.clearCookies({ name: 'sessionid' });
    await start(page);
    assert.match(await problem(page, 'http_401'), /signed out/);
    await player(page).getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('a server that is not there, and then is', async (t) => {
    const { page, backend } = await openWorld(t, browser, { scenario });
    await backend.stop();
    await start(page);
    assert.match(await problem(page, 'http_0'), /cannot be reached/);
    await backend.start();
    await start(page);
    await standing(page, 'listening');
});

test('too many conversations at once: the service says so, and so does the relay', async (t) => {
    const refused = { ...scenario, opening: { refuse: { name: 'ThrottlingException', message: 'Too many requests.' } } };
    const { page } = await openWorld(t, browser, { scenario: refused });
    await start(page);
    assert.match(await problem(page, 'throttled'), /Very many children.*Wait a minute/s);
});

test('who stops while the server is being asked has no conversation', async (t) => {
    const { page, backend, simulator } = await openWorld(t, browser, { scenario });
    let go;
    const going = new Promise((resolve) => (go = resolve));
    await page.route('**/start_voice_session/', (route) => going.then(() => route.continue()), { times: 1 });
    await start(page);
    await standing(page, 'connecting');
    await stop(page);
    await standing(page, 'ready');
    go();
    const [session] = await until(() => sessions(backend), ([found]) => found?.state === 'ended');
    assert.equal(session.reason, 'aborted');
    assert.deepEqual(await streams(simulator), []);
    // and can have one afterwards
    await start(page);
    await standing(page, 'listening');
    await write(page, 'Are you there?');
    await said(page, 'assistant', 'Here I am.');
});

test('a page that is closed ends its conversation', async (t) => {
    const { page, backend, simulator } = await openWorld(t, browser, { scenario });
    await start(page);
    await standing(page, 'listening');
    await write(page, 'Are you there?');
    await said(page, 'assistant', 'Here I am.');
    await page.close({ runBeforeUnload: true });
    const [session] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual([session.state, session.reason, session.messages.map(({ text }) => text)], [
        'ended',
        'page_closed',
        ['Are you there?', 'Here I am.'],
    ]);
    await streams(simulator, ([stream]) => stream.end !== null);
});
