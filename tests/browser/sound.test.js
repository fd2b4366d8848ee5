// Sound under difficulties: a busy page, a cough, another device, another loudness.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RATE, agreement, noiseFile, position } from './support/answers.js';
import { questionAndInterruption, startBrowser } from './support/chromium.js';
import { noise, recording, spoken } from './support/wav.js';
import { direct, event, events, openWorld, start, streams } from './support/world.js';

let browser;
const endings = [];
before(async () => {
    const voice = await questionAndInterruption(6);
    browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice });
});
after(async () => {
    for (const end of endings) await end();
});

/** Keeps the page's own thread busy for most of the time, as a page does that should not. */
function keepBusy(page) {
    return page.evaluate(() => {
        window.blocks = [];
        window.busy = setInterval(() => {
            const from = performance.now();
            while (performance.now() < from + 500);
            window.blocks.push([from, performance.now()]);
        }, 600);
    });
}

async function answered(t, seconds) {
    const { path, samples } = await noiseFile(t, seconds, 11);
    const turns = [{ user: 'Why is the little fox so sad?', say: [{ text: 'It is a long story.', recording: path }] }];
    return { scenario: { name: 'long', turns, otherwise: 'listen' }, samples };
}

test('while the page is busy, speech goes out, the answer has no gap, and an interruption is heeded at once', async (t) => {
    const { scenario, samples: answer } = await answered(t, 12);
    const world = await openWorld(t, browser, { scenario });
    const { page, simulator } = world;
    await page.evaluate(() => window.app.tapped());
    assert.equal(await start(page, direct(world)), undefined);
    await keepBusy(page);
    const before = await streams(simulator);
    const { at: toldAt } = await event(page, 'interrupted');
    await page.evaluate(() => clearInterval(window.busy));
    await page.waitForTimeout(500);
    const { samples } = await page.evaluate(() => window.app.heard());
    const at = position(samples, answer);
    const heard = agreement(samples, answer, at);
    assert.ok(heard > RATE && heard < answer.length, `${heard} samples were heard without a gap`);
    assert.ok(samples.slice(at + heard).every((sample) => sample === 0), 'and then there is silence');
    const [{ events_received: now }] = await streams(simulator);
    t.diagnostic(`${now - before[0].events_received} frames went out; the page was told at ${Math.round(toldAt)} ms`);
    const { underruns } = await page.evaluate(() => window.app.session.playbackStatistics);
    assert.equal(underruns, 0);
});

test('a cough holds the answer and does not end it', async (t) => {
    const cough = noise(Math.round(0.17 * 16_000), 3);
    const voice = spoken(16_000, { after: 1.2, samples: await recording('question.wav') }, { after: 5, samples: cough });
    const own = await startBrowser(t, { voice });
    const { scenario, samples: answer } = await answered(t, 10);
    const world = await openWorld(t, own, { scenario });
    const { page } = world;
    await page.evaluate(() => window.app.tapped());
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const bargeIn = { mode: 'reversible', thresholdDb: -30, attackMs: 60, holdMs: 700 };
    assert.equal(await start(page, { ...direct(world), audioConstraints: raw, bargeIn }), undefined);
    await event(page, 'stateChanged', ({ from }) => from === 'speaking');
    const { samples } = await page.evaluate(() => window.app.heard());
    assert.deepEqual(await events(page, 'interrupted'), []);

    const at = position(samples, answer);
    const until = agreement(samples, answer, at);
    assert.ok(until < answer.length, 'it was held');
    // one quantum fades out, and the next one that is played fades in
    const pause = samples.findIndex((sample, index) => index > at + until + 128 && sample === 0);
    const resumed = samples.findIndex((sample, index) => index > pause && sample !== 0);
    const held = (resumed - pause) / RATE;
    assert.ok(held > 0.5 && held < 3, `it was held for ${held} s`);
    const rest = answer.subarray(answer.length - RATE);
    const restAt = position(samples.slice(resumed), rest) + resumed;
    assert.equal(agreement(samples, rest, restAt), rest.length, 'and then played to its end');
    assert.ok(Math.abs(restAt + rest.length - at - answer.length - (resumed - pause)) < 400, 'with nothing left out');
});

test('the loudness can be changed while the model speaks', async (t) => {
    const { scenario } = await answered(t, 4);
    const world = await openWorld(t, browser, { scenario });
    const { page } = world;
    await page.evaluate(() => window.app.tapped());
    assert.equal(await start(page, { ...direct(world), microphone: 'muted', volume: 0.5 }), undefined);
    await page.evaluate(() => window.app.session.sendText('Why?'));
    await event(page, 'stateChanged', ({ to }) => to === 'speaking');
    await page.waitForFunction(() => window.app.session.outputLevel > 0.2);
    const bins = await page.evaluate(() => Array.from(window.app.session.outputFrequencies()));
    assert.equal(bins.length, 512);
    assert.ok(bins.some((bin) => bin > 20));
    await page.evaluate(() => window.app.session.setVolume(0));
    await page.waitForTimeout(600);
    const { samples } = await page.evaluate(() => window.app.heard());
    const loudest = (list) => list.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    const peak = loudest(samples);
    assert.ok(peak > 6_000 && peak < 8_300, `half as loud: ${peak} of 16384`);
    assert.ok(loudest(samples.slice(-1_000)) < 20, 'and then silent');
});

test('another microphone takes over while one talks, and when the first is pulled out', async (t) => {
    const world = await openWorld(t, browser, { scenario: { name: 'listening', otherwise: 'listen' } });
    const { page, simulator } = world;
    await page.evaluate(() => {
        window.tracks = [];
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            const stream = await ask(constraints);
            window.tracks.push(...stream.getTracks());
            return stream;
        };
    });
    assert.equal(await start(page, direct(world)), undefined);
    const { inputs } = await page.evaluate(() => window.app.session.devices());
    const current = await page.evaluate(() => window.app.session.inputDevice);
    const other = inputs.find(({ id }) => id !== current.id && id !== 'default');
    await page.evaluate((id) => window.app.session.setInputDevice(id), other.id);
    const { value } = await event(page, 'deviceChanged');
    assert.equal(value.direction, 'input');
    assert.equal(value.device.id, other.id);
    assert.equal(value.lost, false);
    const states = () => page.evaluate(() => window.tracks.map(({ readyState }) => readyState));
    assert.deepEqual(await states(), ['ended', 'live']);
    await page.waitForFunction(() => window.app.session.inputLevel > 0.3, undefined, { polling: 20 });

    await page.evaluate(() => window.tracks[1].dispatchEvent(new Event('ended')));
    const lost = await event(page, 'deviceChanged', (change) => change.lost);
    assert.equal(lost.value.device.label, current.label);
    assert.deepEqual(await states(), ['ended', 'ended', 'live']);

    await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = async () => {
            throw new DOMException('none', 'NotFoundError');
        };
        window.tracks[2].dispatchEvent(new Event('ended'));
    });
    const { value: error } = await event(page, 'error');
    assert.equal(error.code, 'microphone_lost');
    // the stream is fed with silence meanwhile
    const [{ events_received: before }] = await streams(simulator);
    await streams(simulator, ([stream]) => stream.events_received > before + 30);
    assert.equal(await page.evaluate(() => window.app.session.state), 'listening');
});

test("the page's own stream and context are used, and left as they were", async (t) => {
    const world = await openWorld(t, browser, { scenario: { name: 'listening', otherwise: 'listen' } });
    const { page } = world;
    await page.evaluate(async () => {
        await window.app.tapped();
        window.own = await navigator.mediaDevices.getUserMedia({ audio: true });
        window.app.extra.capture = window.own;
    });
    assert.equal(await start(page, direct(world)), undefined);
    await page.waitForFunction(() => window.app.session.inputLevel > 0.3, undefined, { polling: 20 });
    await page.evaluate(() => window.app.session.close());
    const left = await page.evaluate(() => [window.own.getTracks()[0].readyState, window.app.extra.playback.context.state]);
    assert.deepEqual(left, ['live', 'running']);
});
