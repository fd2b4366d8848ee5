// A whole conversation: credentials, signatures, speech, the answer in the ear, words on the page, tools, an orderly end.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RATE, agreement, noiseFile, position } from './support/answers.js';
import { startBrowser } from './support/chromium.js';
import { direct, event, events, openWorld, start, streams } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) })));
after(async () => {
    for (const end of endings) await end();
});

test('a question is asked and its answer heard sample for sample', async (t) => {
    const first = await noiseFile(t, 2, 7);
    const second = await noiseFile(t, 1.2, 8);
    const scenario = {
        name: 'noise',
        turns: [
            {
                user: 'Why is the little fox so sad?',
                say: [
                    { text: 'She has lost her way.', recording: first.path },
                    { text: 'But the owl knows it.', recording: second.path },
                ],
            },
        ],
        otherwise: 'listen',
    };
    const world = await openWorld(t, browser, { scenario });
    const { page, simulator, site } = world;
    await page.evaluate(() => window.app.tapped());
    assert.equal(await start(page, direct(world)), undefined);

    await event(page, 'stateChanged', ({ to }) => to === 'speaking');
    await event(page, 'stateChanged', ({ from }) => from === 'speaking');

    const { samples } = await page.evaluate(() => window.app.heard());
    const answer = Int16Array.from([...first.samples, ...second.samples]);
    const at = position(samples, answer);
    assert.notEqual(at, -1, 'the answer was heard');
    assert.equal(agreement(samples, answer, at), answer.length, 'every sample of it, without a gap');
    assert.ok(samples.slice(0, at).every((sample) => sample === 0), 'nothing before it');
    assert.ok(samples.slice(at + answer.length).every((sample) => sample === 0), 'nothing after it');

    const messages = await page.evaluate(() => window.app.session.messages);
    assert.deepEqual(
        messages.map(({ role, text, stage, heard, interrupted, source }) => ({ role, text, stage, heard, interrupted, source })),
        [
            {
                role: 'user',
                text: 'Why is the little fox so sad?',
                stage: 'final',
                heard: 'Why is the little fox so sad?',
                interrupted: false,
                source: 'speech',
            },
            {
                role: 'assistant',
                text: 'She has lost her way. But the owl knows it.',
                stage: 'final',
                heard: 'She has lost her way. But the owl knows it.',
                interrupted: false,
                source: 'speech',
            },
        ],
    );
    assert.equal(await page.locator('#messages li').count(), 2);

    // fetched by the worker with the page's cookies, and by nothing else
    assert.equal(site.asked.length, 1);
    assert.match(site.asked[0].headers.cookie, /session=open/);

    const [stream] = await streams(simulator, (found) => found.length === 1);
    assert.equal(stream.transport, 'web_socket');
    assert.equal(stream.tls, true);
    assert.ok(stream.events_received > 60, `${stream.events_received} signed events were verified`);
    assert.match(stream.principal_arn, /assumed-role/);

    const { input } = await page.evaluate(() => window.app.session.usage);
    assert.ok(input.speech > 0, 'tokens were counted');

    await page.evaluate(() => window.app.session.close());
    const [ended] = await streams(simulator, ([found]) => found.end !== null);
    assert.equal(ended.end, 'completed');
    assert.equal(ended.input_ended, true);
    const states = (await events(page, 'stateChanged')).map(({ value }) => value.to);
    assert.deepEqual(states, ['initializing', 'listening', 'thinking', 'speaking', 'listening', 'closed']);
    assert.deepEqual((await events(page, 'error')).map(({ value }) => value.code), []);
    assert.deepEqual((await events(page, 'closed')).map(({ value }) => value), [{ reason: 'hangup' }]);
});

test('an answer goes through a context of another rate without losing its length or its loudness', async (t) => {
    const { path, samples: sent } = await noiseFile(t, 1, 3);
    const scenario = { name: 'noise', turns: [{ user: 'Why?', say: [{ text: 'So.', recording: path }] }], otherwise: 'listen' };
    const world = await openWorld(t, browser, { scenario });
    const { page } = world;
    await page.evaluate(() => window.app.tapped(48_000));
    assert.equal(await start(page, direct(world)), undefined);
    await event(page, 'stateChanged', ({ from }) => from === 'speaking');
    const { samples } = await page.evaluate(() => window.app.heard());
    const begin = samples.findIndex((sample) => Math.abs(sample) > 500);
    const end = samples.findLastIndex((sample) => Math.abs(sample) > 500);
    const expected = (2 * sent.length * 48_000) / (2 * RATE);
    assert.ok(Math.abs(end - begin - expected) < 480, `${end - begin} frames, of ${expected}`);
    const power = (list) => list.reduce((sum, sample) => sum + sample * sample, 0) / list.length;
    const ratio = power(samples.slice(begin, end)) / power(Array.from(sent));
    assert.ok(ratio > 0.8 && ratio < 1.1, `its power is ${ratio} of what was sent`);
});

test('the model calls a tool of the page, and says what it found', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'weather' });
    const { page } = world;
    await page.evaluate(() => {
        window.app.extra.tools = {
            get_weather: {
                description: 'Looks the weather up.',
                schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
                execute: async ({ city }, { id }) => {
                    window.asked = { city, id };
                    return { summary: 'snowing', temperature: -7 };
                },
            },
        };
    });
    assert.equal(await start(page, direct(world)), undefined);
    const { value } = await event(page, 'toolAnswered');
    assert.equal(value.name, 'get_weather');
    assert.equal(value.error, undefined);
    assert.deepEqual(await page.evaluate(() => window.asked.city), 'Oslo');
    await event(page, 'transcript', ({ text }) => text === 'It is snowing in Oslo.');
    await event(page, 'transcript', ({ text }) => text === 'It has -7 degrees.');
});

test('a tool that fails, one that is slow and one that nobody knows are answered all the same', async (t) => {
    const call = (name) => ({ user: 'Do it.', tools: [{ name, input: { city: 1 } }], then: [{ text: `So it was with ${name}.` }] });
    const scenario = { name: 'tools', turns: [call('fails'), call('slow'), call('unknown')], otherwise: 'listen' };
    const world = await openWorld(t, browser, { scenario });
    const { page } = world;
    await page.evaluate(() => {
        window.app.extra.tools = {
            fails: {
                description: 'Fails.',
                execute: () => {
                    throw new Error('out of order');
                },
            },
            slow: { description: 'Never ends.', timeout: 200, execute: () => new Promise(() => {}) },
            unknown: { description: 'Answered by hand.' },
        };
    });
    assert.equal(await start(page, direct(world)), undefined);
    const failed = await event(page, 'toolAnswered');
    assert.equal(failed.value.error, 'out of order');
    await event(page, 'transcript', ({ text }) => text === 'So it was with fails.');

    await page.evaluate(() => window.app.session.sendText('Do it again.'));
    const slow = await event(page, 'toolAnswered', () => true, 2);
    assert.match(slow.value.error, /no answer within 200 ms/);
    await event(page, 'transcript', ({ text }) => text === 'So it was with slow.');

    await page.evaluate(() => window.app.session.sendText('And again.'));
    const { value } = await event(page, 'toolCall');
    assert.deepEqual({ name: value.name, input: value.input }, { name: 'unknown', input: { city: 1 } });
    await page.evaluate(({ id }) => window.app.session.addToolResult(id, { fine: true }), value);
    await event(page, 'transcript', ({ text }) => text === 'So it was with unknown.');
});

test('credentials come with headers and the token against forgery, or from a function', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'parrot' });
    const { page, site, simulator } = world;
    const { endpoint } = direct(world);
    const request = { url: '/grant', csrf: true, headers: { Authorization: 'Bearer of-the-app' } };
    assert.equal(await start(page, { credentials: request, endpoint }), undefined);
    const [{ method, headers }] = site.asked;
    assert.equal(method, 'POST');
    assert.equal(headers['x-csrftoken'], 'a token');
    assert.equal(headers.authorization, 'Bearer of-the-app');
    await page.evaluate(() => window.app.session.close());

    site.grantOptions = { plain: true };
    await page.evaluate(() => {
        window.app.extra.credentials = async () => {
            const { accessKeyId, secretAccessKey, sessionToken, region } = await (await fetch('/grant')).json();
            return { accessKeyId, secretAccessKey, sessionToken, region };
        };
    });
    assert.equal(await start(page, { endpoint }), undefined);
    await streams(simulator, (found) => found.length === 2 && found[1].events_received > 10);
});

test('what is loaded early waits for the next session, which loads nothing more', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'parrot' });
    const { page, context } = world;
    const [workers, engines] = [[], []];
    page.on('worker', (worker) => workers.push(worker));
    context.on('request', (request) => request.url().endsWith('.wasm') && engines.push(request));

    const loaded = context.waitForEvent('requestfinished', { predicate: (request) => request.url().endsWith('.wasm') });
    // however often a page asks for it
    await page.evaluate(() => [window.app.preload(), window.app.preload()]);
    await loaded;
    assert.equal(await start(page, direct(world)), undefined);
    assert.deepEqual([workers.length, engines.length], [1, 1]);

    await page.evaluate(() => window.app.session.close());
    // nothing waits any more: the second one loads for itself
    assert.equal(await start(page, direct(world)), undefined);
    assert.deepEqual([workers.length, engines.length], [2, 2]);
});

test('what cannot be loaded early is told by the session, or taken from the copy', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'parrot' });
    const { page } = world;
    // a WebAssembly of the page's own has no copy
    for (const [assets, code] of [[{ worker: '/nowhere.js' }, undefined], [{ wasm: '/nowhere.wasm' }, 'wasm_failed']]) {
        const gone = page.waitForResponse((response) => response.url().includes('/nowhere'));
        await page.evaluate((assets) => window.app.preload(assets), assets);
        await gone;
        assert.equal((await start(page, { ...direct(world), assets }))?.code, code);
        await page.evaluate(() => window.app.session.close());
    }
});
