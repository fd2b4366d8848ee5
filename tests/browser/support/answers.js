// Scenarios whose answers are known sample by sample.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { noise, wav } from './wav.js';

/** The rate of answers, Hz: a recording of this rate is sent as it is. */
export const RATE = 24_000;

/** Writes noise of that length to a file that lives as long as `t`; answers its path and its samples. */
export async function noiseFile(t, seconds, seed) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-answer-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    // whole steps of 40 ms, as the service sends: nothing is padded
    const samples = noise(Math.round(seconds * 25) * (RATE / 25), seed);
    const path = join(folder, 'answer.wav');
    await writeFile(path, wav(samples, RATE));
    return { path, samples };
}

/** Where `needle` begins in `hay`, found by its first samples; -1 if it does not. */
export function position(hay, needle) {
    for (let at = 0; at + needle.length <= hay.length || at < hay.length; at += 1) {
        if (hay[at] === needle[0] && hay[at + 1] === needle[1] && hay[at + 2] === needle[2]) return at;
    }
    return -1;
}

/** How many samples of `needle` lie in `hay` from `at` on before the first one that differs. */
export function agreement(hay, needle, at) {
    let count = 0;
    while (count < needle.length && hay[at + count] === needle[count]) count += 1;
    return count;
}
