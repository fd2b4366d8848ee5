// Chromium with a microphone that plays a file, and a certificate that nobody vouches for.

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { recording, spoken, wav } from './wav.js';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

const QUIET = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--ignore-certificate-errors',
];

/**
 * Starts a browser and ends it after `t`. `voice`: samples at 16 kHz that its microphone plays once; by default somebody
 * asks the repository's question after a second. `device: false` has no microphone, `allowed: false` does not allow it.
 */
export async function startBrowser(t, { voice, device = true, allowed = true, options = [] } = {}) {
    if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is not there: install chromium, or name it in CHROMIUM`);
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-browser-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'voice.wav');
    await writeFile(file, wav(voice ?? (await question()), 16_000));
    const browser = await chromium.launch({
        executablePath: EXECUTABLE,
        args: [
            ...QUIET,
            ...(allowed ? ['--use-fake-ui-for-media-stream'] : []),
            ...(device ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${file}%noloop`] : []),
            ...options,
        ],
    });
    t.after(() => browser.close());
    return browser;
}

/** Somebody asks why the fox is sad, once. */
export async function question() {
    return spoken(16_000, { after: 1.2, samples: await recording('question.wav') });
}

/** Somebody asks, and asks for something else while the answer is being given. */
export async function questionAndInterruption(secondsBetween) {
    return spoken(
        16_000,
        { after: 1.2, samples: await recording('question.wav') },
        { after: secondsBetween, samples: await recording('interruption.wav') },
    );
}
