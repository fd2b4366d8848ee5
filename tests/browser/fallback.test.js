// Direct first, the relay when that fails, and back again: one session object, one conversation.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { says } from './engines/steps.js';
import { startBrowser } from './support/chromium.js';
import { startProxy } from './support/proxy.js';
import { direct, event, events, openWorld, start, streams, withRelay } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) })));
after(async () => {
    for (const end of endings) await end();
});

const echo = {
    name: 'echo',
    turns: [{ say: [{ text: 'The first answer.' }] }, { say: [{ text: 'The second answer.' }] }],
    otherwise: 'listen',
};
const quiet = { microphone: 'muted' };

test('where the direct path is refused, the relay takes the conversation', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    network.open = false;
    const { page, simulator } = world;
    assert.equal(await start(page, { ...withRelay(world), ...quiet, endpoint: network.url }), undefined);
    assert.equal(await page.evaluate(() => window.app.session.transport), 'relay');
    const [{ value }] = await events(page, 'transportChanged');
    assert.equal(value.from, undefined);
    assert.equal(value.to, 'relay');
    assert.equal(value.reason, 'network_blocked');
    assert.match(value.error.message, /cannot be reached/);
    await says(page, 'One.', 'The first answer.');
    const [stream] = await streams(simulator, (found) => found.length > 0);
    assert.equal(stream.transport, 'relay');
    assert.deepEqual(await events(page, 'error'), []);
});

test('a conversation that loses its connection goes on over the relay with everything that was said', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    const { page, simulator } = world;
    assert.equal(await start(page, { ...withRelay(world), ...quiet, endpoint: network.url }), undefined);
    await says(page, 'One.', 'The first answer.');
    assert.equal(await page.evaluate(() => window.app.session.transport), 'direct');

    network.open = false;
    network.cut();
    const { value } = await event(page, 'transportChanged', ({ to }) => to === 'relay');
    assert.equal(value.reason, 'connection_lost');
    const renewed = await event(page, 'renewed');
    assert.equal(renewed.value.reason, 'connection');
    t.diagnostic(`${Math.round(renewed.value.gapMs)} ms without a connection`);
    // the relay's conversation is a new one for the model, which has its turns before it again
    await says(page, 'Two.', 'The first answer.');
    const messages = await page.evaluate(() => window.app.session.messages.map(({ text }) => text));
    assert.deepEqual(messages, ['One.', 'The first answer.', 'Two.', 'The first answer.']);
    const turns = await page.evaluate(() => window.app.session.messages.map(({ turn }) => turn));
    assert.deepEqual(turns, [...turns].sort((one, other) => one - other));
    assert.equal(new Set(turns).size, 4);
    const found = await streams(simulator, (list) => list.length === 2);
    assert.deepEqual(
        found.map(({ transport }) => transport),
        ['web_socket', 'relay'],
    );
});

test('what is typed and answered while there is no connection waits for the next one', async (t) => {
    const scenario = {
        name: 'waiting',
        turns: [{ say: [{ text: 'Let me see.' }], tools: [{ name: 'look', input: {} }], then: [{ text: 'Seen.' }] }],
        otherwise: 'listen',
    };
    const world = await openWorld(t, browser, { scenario });
    const network = await startProxy(t, direct(world).endpoint);
    const { page } = world;
    await page.evaluate(() => {
        window.app.extra.tools = {
            look: { description: 'Looks.', execute: () => new Promise((resolve) => (window.found = resolve)) },
        };
    });
    assert.equal(await start(page, { ...withRelay(world), ...quiet, endpoint: network.url }), undefined);
    await page.evaluate(() => window.app.session.sendText('Look.'));
    await page.waitForFunction(() => window.found !== undefined);
    network.open = false;
    network.cut();
    await event(page, 'renewing');
    await page.evaluate(() => window.found({ it: 'is there' }));
    await event(page, 'transportChanged', ({ to }) => to === 'relay');
    // the model of this simulator takes the told result for a turn of the user, and begins its script
    await event(page, 'transcript', ({ text }) => text === 'Let me see.', 2);
    assert.deepEqual(await events(page, 'error'), []);
});

test('once the direct path is there again, the conversation returns to it', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    network.open = false;
    const { page } = world;
    const options = { ...withRelay(world), ...quiet, endpoint: network.url, returnSeconds: 1 };
    assert.equal(await start(page, options), undefined);
    assert.equal(await page.evaluate(() => window.app.session.transport), 'relay');
    network.open = true;
    const { value } = await event(page, 'transportChanged', ({ to }) => to === 'direct');
    assert.deepEqual(value, { from: 'relay', to: 'direct', reason: 'returned' });
    const renewed = await event(page, 'renewed', ({ reason }) => reason === 'returned');
    assert.equal(renewed.value.gapMs, 0);
    await says(page, 'One.', 'The first answer.');
});

test('a conversation that has fallen back tries the direct path until it is there, and has then lost nothing', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    const { page, simulator } = world;
    const options = { ...withRelay(world), ...quiet, endpoint: network.url, returnSeconds: 1 };
    assert.equal(await start(page, options), undefined);
    await says(page, 'One.', 'The first answer.');
    network.open = false;
    network.cut();
    await event(page, 'transportChanged', ({ to }) => to === 'relay');
    await says(page, 'Two.', 'The first answer.');

    // recovery may have tried it too: more attempts than before are those to return
    const before = network.refused;
    const end = Date.now() + 60_000;
    while (network.refused === before && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(network.refused > before, 'the direct path was tried');
    assert.equal(await page.evaluate(() => window.app.session.transport), 'relay');
    await says(page, 'Three.', 'The second answer.');
    network.open = true;
    const { value } = await event(page, 'transportChanged', ({ reason }) => reason === 'returned');
    assert.deepEqual(value, { from: 'relay', to: 'direct', reason: 'returned' });
    await says(page, 'Four.', 'The first answer.');

    const messages = await page.evaluate(() => window.app.session.messages.map(({ text }) => text));
    const answers = ['The first answer.', 'The first answer.', 'The second answer.', 'The first answer.'];
    assert.deepEqual(messages, ['One.', 'Two.', 'Three.', 'Four.'].flatMap((asked, turn) => [asked, answers[turn]]));
    const [cut, relayed, back] = await streams(simulator, ([, second]) => second !== undefined && second.end !== null);
    assert.deepEqual([cut, relayed, back].map(({ transport }) => transport), ['web_socket', 'relay', 'web_socket']);
    assert.equal(relayed.end, 'completed');
    assert.equal(back.end, null);
    assert.deepEqual(await events(page, 'error'), []);
});

test('before the credentials end, the connection is replaced without a gap', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const { page, site, simulator } = world;
    const time = (ms) => `${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`;
    // three minutes before the end a successor is due
    site.answer = (grant) => ({ ...grant, openBefore: time(60_000), expiration: time(185_000) });
    assert.equal(await start(page, { ...direct(world), ...quiet }), undefined);
    site.answer = undefined;
    await says(page, 'One.', 'The first answer.');
    const { value } = await event(page, 'renewing');
    assert.equal(value.reason, 'credentials');
    const renewed = await event(page, 'renewed');
    assert.deepEqual(renewed.value, { reason: 'credentials', gapMs: 0 });
    assert.equal(site.asked.length, 2);
    await says(page, 'Two.', 'The first answer.');
    const [first, second] = await streams(simulator, ([before]) => before.end !== null);
    assert.equal(first.end, 'completed');
    assert.equal(second.end, null);
    assert.deepEqual(await events(page, 'transportChanged').then((all) => all.map(({ value }) => value.reason)), ['first']);
    assert.deepEqual(await events(page, 'error'), []);
});

test('without a relay, a connection that breaks is opened again', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    const { page } = world;
    assert.equal(await start(page, { ...direct(world), ...quiet, endpoint: network.url }), undefined);
    network.cut();
    const { value } = await event(page, 'renewed');
    assert.equal(value.reason, 'connection');
    await says(page, 'One.', 'The first answer.');
});

test('when nothing can be reached any more, the conversation ends with its reason', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo });
    const network = await startProxy(t, direct(world).endpoint);
    const { page } = world;
    assert.equal(await start(page, { ...direct(world), ...quiet, endpoint: network.url, reconnectSeconds: 4 }), undefined);
    network.open = false;
    network.cut();
    const { value } = await event(page, 'closed');
    assert.equal(value.reason, 'network_blocked');
    assert.match(value.error.advice, /relay/);
    assert.equal(await page.evaluate(() => window.app.session.state), 'closed');
});

test('a relay that lets nobody in says why', async (t) => {
    const world = await openWorld(t, browser, { scenario: echo, simulator: ['--relay-token', 'a-secret-token-of-the-app'] });
    const { page, simulator } = world;
    const failure = await start(page, { relay: simulator.relay, ...quiet });
    assert.equal(failure.code, 'sign_in_required');
});
