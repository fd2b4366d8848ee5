// The small client, for pages that record and play for themselves.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { agreement, noiseFile } from './support/answers.js';
import { question, startBrowser } from './support/chromium.js';
import { direct, openWorld, streams } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { device: false, allowed: false })));
after(async () => {
    for (const end of endings) await end();
});

/** Starts a stream with `grant` as an application's endpoint gave it, and keeps what the callbacks got. */
function startStream(page, options) {
    return page.evaluate(async ({ endpoint, credentials }) => {
        const grant = credentials ?? (await (await fetch('/grant')).json());
        const got = (window.got = { sound: [], texts: [], errors: [], complete: 0 });
        window.client = new window.app.NovaSonicClient(grant, 'us-east-1', { endpoint });
        await window.client.startStream(
            'You tell stories.',
            (pcm) => got.sound.push(...new Int16Array(pcm)),
            (text) => got.texts.push(text),
            (error) => got.errors.push(window.app.plain(error)),
            () => (got.complete += 1),
        );
        return window.client.isStreamActive();
    }, options);
}

test('bytes of a question go in, and bytes of the answer come out', async (t) => {
    const { path, samples } = await noiseFile(t, 1, 13);
    const scenario = {
        name: 'noise',
        turns: [{ user: 'Why?', say: [{ text: 'So.', recording: path }] }, { say: [{ text: 'I can read, too.' }] }],
        otherwise: 'listen',
    };
    const world = await openWorld(t, browser, { scenario });
    const { page, site, simulator } = world;
    site.grantOptions = { plain: true };
    assert.equal(await startStream(page, direct(world).endpoint && { endpoint: direct(world).endpoint }), true);

    const pcm = Array.from(await question());
    await page.evaluate(async (pcm) => {
        // in pieces of a tenth of a second, as a recorder would
        for (let at = 0; at < pcm.length; at += 1600) {
            await window.client.sendAudio(Int16Array.from(pcm.slice(at, at + 1600)).buffer);
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }, pcm);
    await page.waitForFunction((length) => window.got.sound.length >= length, samples.length, { timeout: 30_000 });
    const { sound, texts, errors } = await page.evaluate(() => window.got);
    assert.equal(agreement(sound, samples, 0), samples.length);
    assert.deepEqual(texts, ['So.']);
    assert.deepEqual(errors, []);

    await page.evaluate(() => window.client.sendText('Can you read?'));
    await page.waitForFunction(() => window.got.texts.length === 2, undefined, { timeout: 30_000 });
    await page.evaluate(() => window.client.close());
    assert.deepEqual(await page.evaluate(() => [window.client.isStreamActive(), window.got.complete]), [false, 1]);
    await streams(simulator, ([stream]) => stream.end === 'completed');
});

test('what goes wrong is a callback, and sending then is refused', async (t) => {
    const world = await openWorld(t, browser, { scenario: 'parrot' });
    const { page } = world;
    const { endpoint } = direct(world);
    const credentials = { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };
    assert.equal(await startStream(page, { endpoint, credentials }), false);
    const { errors, complete } = await page.evaluate(() => window.got);
    assert.deepEqual(errors.map(({ code }) => code), ['credentials_invalid']);
    assert.equal(complete, 0);
    const refused = await page.evaluate(() => window.client.sendAudio(new ArrayBuffer(2)).catch((error) => error.code));
    assert.equal(refused, 'session_closed');
});
