// The application's server goes away in the middle of a conversation, and comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { sessions } from './support/backend.js';
import { captions, said, standing, start, stop, transport, until, write } from './support/story.js';
import { openWorld } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

const scenario = { name: 'echo', turns: [{ say: [{ text: 'The first answer.' }] }, { say: [{ text: 'The second answer.' }] }], otherwise: 'listen' };

test('a direct conversation does not notice, and its end reaches the server that is there again', async (t) => {
    const { page, backend } = await openWorld(t, browser, { scenario });
    await start(page);
    await standing(page, 'listening');
    await write(page, 'One.');
    await said(page, 'assistant', 'The first answer.');

    await backend.stop();
    await write(page, 'Two.');
    await said(page, 'assistant', 'The second answer.');
    assert.equal((await transport(page)).by, 'direct');
    await stop(page);
    await standing(page, 'ended');
    await backend.start();
    const [session] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual([session.state, session.reason, session.messages.map(({ text }) => text)], [
        'ended',
        'hangup',
        ['One.', 'The first answer.', 'Two.', 'The second answer.'],
    ]);
});

test('a relayed conversation waits for the server, and goes on with everything that was said', async (t) => {
    const { page, backend } = await openWorld(t, browser, { scenario, settings: { STORY_TRANSPORT: 'relay' } });
    await start(page);
    await standing(page, 'listening');
    await write(page, 'One.');
    await said(page, 'assistant', 'The first answer.');

    await backend.prepare();
    await backend.stop();
    await standing(page, 'connecting');
    // longer than a few quick attempts take
    await page.waitForTimeout(10_000);
    await page.getByText('Connecting again').waitFor();
    await backend.start();
    await standing(page, 'listening');
    // for the model the conversation is a new one, which has its turns before it
    await write(page, 'Two.');
    await said(page, 'assistant', 'The first answer.', 2);
    assert.deepEqual((await captions(page)).map(({ text }) => text), ['One.', 'The first answer.', 'Two.', 'The first answer.']);
    await stop(page);
    const [session, ...others] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual([session.state, session.transport, others], ['ended', 'relay', []]);
});
