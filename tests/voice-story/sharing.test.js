// Several people, several tabs, one server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { streams } from '../browser/support/world.js';
import { sessions } from './support/backend.js';
import { captions, openStory, player, said, standing, start, transport, until, write } from './support/story.js';
import { openWorld, report, visit } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

const scenario = { name: 'echo', turns: [{ say: [{ text: 'The first answer.' }] }, { say: [{ text: 'The second answer.' }] }], otherwise: 'listen' };

test('two people talk at once, and neither sees the other', async (t) => {
    const world = await openWorld(t, browser, { scenario });
    const { page: mila, backend, simulator } = world;
    const { page: paul } = await visit(world, { username: 'paul' });
    const begun = [mila, paul].map(async (page) => {
        const response = page.waitForResponse(/\/start_voice_session\/$/);
        await start(page);
        await standing(page, 'listening');
        return (await response).json();
    });
    const [ofMila, ofPaul] = await Promise.all(begun);
    await write(mila, 'I am Mila.');
    await write(paul, 'I am Paul.');
    await Promise.all([mila, paul].map((page) => said(page, 'assistant', 'The first answer.')));
    assert.deepEqual((await captions(mila)).map(({ text }) => text), ['I am Mila.', 'The first answer.']);
    assert.deepEqual((await captions(paul)).map(({ text }) => text), ['I am Paul.', 'The first answer.']);
    // each with credentials of a name of their own
    const names = (await streams(simulator, (found) => found.length === 2)).map(({ principal_arn }) => principal_arn);
    assert.equal(new Set(names).size, 2);

    // Paul's story, his session and his relay are not there for Mila, whatever she knows of them
    const tried = await mila.evaluate(async ({ story, session, relay_url }) => {
        const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': /csrftoken=([^;]*)/.exec(document.cookie)[1] };
        const post = (name, body) => fetch(`/api/stories/${story}/${name}/`, { method: 'POST', headers, body: JSON.stringify(body) });
        const closed = (url, protocols) =>
            new Promise((resolve) => {
                const socket = new WebSocket(new URL(url, location.href.replace(/^http/, 'ws')), protocols);
                socket.onclose = ({ code }) => resolve(code);
            });
        return {
            story: (await fetch(`/api/stories/${story}/`)).status,
            start: (await post('start_voice_session', {})).status,
            end: (await post('end_voice_session', { session, reason: 'hangup', transport: null, usage: null, messages: [] })).status,
            revise: (await post('revise', { session, wish: 'Mine.', text: 'It is mine.' })).status,
            status: await closed(`/ws/stories/${story}/status/`),
            relay: await closed(relay_url, ['nova-sonic.relay.v1']),
        };
    }, ofPaul);
    assert.deepEqual(tried, { story: 404, start: 404, end: 404, revise: 404, status: 4004, relay: 4004 });
    // nor do her own stories open his session
    const crossed = await mila.evaluate(async ({ own, session }) => {
        const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': /csrftoken=([^;]*)/.exec(document.cookie)[1] };
        const body = JSON.stringify({ session, reason: 'hangup', transport: null, usage: null, messages: [] });
        return (await fetch(`/api/stories/${own}/end_voice_session/`, { method: 'POST', headers, body })).status;
    }, { own: ofMila.story, session: ofPaul.session });
    assert.equal(crossed, 404);
    await mila.evaluate((story) => (location.hash = `#/stories/${story}`), ofPaul.story);
    await mila.getByRole('alert').filter({ hasText: 'This story is not on your shelf.' }).waitFor();

    // she has gone on to another page, which ended her conversation and not his
    const kept = await until(() => sessions(backend), (found) => found.some(({ state }) => state === 'ended'));
    assert.deepEqual(kept.map(({ user, state }) => `${user} ${state}`).sort(), ['mila ended', 'paul open']);
    await write(paul, 'And now?');
    await said(paul, 'assistant', 'The second answer.');
});

for (const by of ['direct', 'relay']) {
    test(`a second tab takes the conversation over (${by})`, async (t) => {
        const world = await openWorld(t, browser, { scenario, settings: { STORY_TRANSPORT: by } });
        const { page: first, context, backend, simulator } = world;
        await start(first);
        await standing(first, 'listening');
        assert.equal((await transport(first)).by, by);
        await write(first, 'From the first tab.');
        await said(first, 'assistant', 'The first answer.');

        const second = await context.newPage();
        report(t, second, 'second tab');
        await second.goto(backend.origin);
        await openStory(second);
        await start(second);
        await standing(second, 'listening');
        await standing(first, 'ended');
        await player(first).getByText('This story is being told in another window now.').waitFor();
        assert.equal(await player(first).getByRole('alert').count(), 0, 'nothing went wrong');
        await write(second, 'From the second tab.');
        await said(second, 'assistant', 'The first answer.');

        await streams(simulator, (found) => found.length === 2 && found[0].end !== null && found[1].end === null);
        const kept = await until(() => sessions(backend), ([former]) => former.state === 'ended');
        assert.deepEqual(kept.map(({ state, reason }) => [state, reason]), [['ended', 'taken_over'], ['open', '']]);

        // and back again
        await start(first);
        await standing(first, 'listening');
        await standing(second, 'ended');
    });
}
