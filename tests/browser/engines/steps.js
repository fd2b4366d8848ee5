// What several of the conversations do.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { murmur } from '../support/ear.js';
import { recording, wav } from '../support/wav.js';

export const question = await recording('question.wav');
export const interruption = await recording('interruption.wav');

/** What is said into microphones and heard from loudspeakers, Hz. */
export const RATE = 16_000;

/** Enough to be recognised as speech. */
export const word = question.subarray(0, 1.1 * RATE);

/** Sound as it is, for what compares it. */
export const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** A model that recognises what is said, and says nothing. */
export const listening = { name: 'listening', otherwise: 'listen' };

/** Starts a conversation as a user does, by a real click; what goes wrong is the answer. */
export async function click(page, options) {
    await page.evaluate((options) => {
        const button = document.createElement('button');
        button.id = 'talk';
        button.textContent = 'Talk';
        button.onclick = () => {
            button.disabled = true;
            window.started = window.app.start(options);
        };
        document.body.append(button);
    }, options);
    await page.click('#talk');
    await page.waitForFunction(() => window.started !== undefined);
    return page.evaluate(() => window.started);
}

/** Types something, and waits for this answer to it. */
export async function says(page, text, answer) {
    const before = await page.evaluate((text) => {
        const { messages } = window.app.session;
        window.app.session.sendText(text);
        return messages.length;
    }, text);
    await answers(page, answer, before);
}

/** Waits for this answer; `before`: how many messages there were before it, for one may say the same. */
export async function answers(page, answer, before = 0) {
    await page.waitForFunction(({ answer, before }) => {
        const last = window.app.session.messages.slice(before).at(-1);
        return last?.text === answer && last.stage === 'final';
    }, { answer, before });
}

/** A file with so many seconds of a voice without words, and its samples. */
export async function voiceFile(t, seconds, seed) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-voice-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const samples = murmur(Math.round(seconds * 25) * (RATE / 25), RATE, seed);
    const path = join(folder, 'voice.wav');
    await writeFile(path, wav(samples, RATE));
    return { path, samples };
}

/** Keeps a list of what the page makes, so that `left` can tell what is still there. */
export function keepCount(page) {
    return page.evaluate(() => {
        window.made = { tracks: [], contexts: [], workers: [] };
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            const stream = await ask(constraints);
            window.made.tracks.push(...stream.getTracks());
            return stream;
        };
        window.AudioContext = class extends AudioContext {
            constructor(...options) {
                super(...options);
                window.made.contexts.push(this);
            }
        };
        window.Worker = class extends Worker {
            constructor(...options) {
                super(...options);
                window.made.workers.push(this);
            }
            terminate() {
                this.ended = true;
                super.terminate();
            }
        };
    });
}

/** What the page has made and not released. */
export function left(page) {
    return page.evaluate(() => ({
        tracks: window.made.tracks.filter(({ readyState }) => readyState === 'live').length,
        contexts: window.made.contexts.filter(({ state }) => state !== 'closed').length,
        workers: window.made.workers.filter(({ ended }) => !ended).length,
    }));
}

/** Waits until `holds` is true of what `look` finds. */
export async function eventually(look, holds, patience = 10_000) {
    const end = Date.now() + patience;
    for (;;) {
        const found = await look();
        if (holds(found)) return found;
        if (Date.now() > end) throw new Error(`it stays at ${JSON.stringify(found)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** The session's loudspeaker gives sound. */
export function sounds(page) {
    return page.waitForFunction(() => window.app.session.outputLevel > 0.3, undefined, { polling: 20 });
}
