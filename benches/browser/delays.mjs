// How late frames come to the server, how often the answer halts, how soon it ends when it is interrupted.

import { setTimeout as sleep } from 'node:timers/promises';

import { PIECE_MS, RATE, paced, sampleOf } from './model.mjs';
import { converse, hangUp, visit } from './visit.mjs';

/** Sound that is sent at once before an interruption, pieces: what a flush has to drop. */
const AHEAD_PIECES = 1500 / PIECE_MS;
/** The longest that a sound or a silence is waited for, ms. */
const PATIENCE_MS = 5_000;
/** What is late is late beside its neighbours, ms: longer than the page's thread is ever busy. */
const NEAR_MS = 2_000;
/** What a page's beginning has brought up has settled, ms. */
const SETTLED_MS = 2_000;
/** The floor is looked at for as long as a subject, whose interruptions come after its steady answer. */
const FLOOR_TIMES = 3;
/** What the page does besides. */
export const LOADS = [
    { key: 'idle', name: 'idle' },
    { key: '500', name: '500 ms in every 1,500', ms: 500, every: 1_500 },
    { key: '100', name: '100 ms in every 250', ms: 100, every: 250 },
];

/** How late sound comes that nothing is done to, under one load. */
export function floorDelays(server, load, { seconds }) {
    return visit(server, async ({ page }) => {
        const begun = page.evaluate(async () => {
            globalThis.bench.conversation = await globalThis.bench.subjects.floor();
        });
        const [stream] = await Promise.all([server.stream(), begun]);
        if (load.ms !== undefined) await page.evaluate((load) => globalThis.bench.block(load), load);
        await sleep(SETTLED_MS);
        const from = performance.now();
        await sleep(FLOOR_TIMES * seconds * 1_000);
        const to = performance.now();
        await page.evaluate(() => globalThis.bench.unblock());
        await hangUp({ page });
        return latenessOf(stream.sound(), from, to);
    });
}

/** Measures one subject under one load. */
export async function delays(server, subject, load, { seconds, interruptions }) {
    const ear = new Ear();
    server.heard = (change) => ear.hear(change);
    return visit(server, async (world) => {
        const { stream, model } = await converse(world, server, subject, { listening: true });
        if (load.ms !== undefined) await world.page.evaluate((load) => globalThis.bench.block(load), load);
        await sleep(SETTLED_MS);

        const from = performance.now();
        model.begin();
        await paced(PIECE_MS, seconds, (pieces) => model.speak(stream.send, pieces));
        model.end();
        const steady = model.turn;
        // what the page's thread has held up is still to be played
        await sleep(1_500);

        const begins = [];
        const ends = [];
        const random = randomFrom(1);
        for (let count = 0; count < interruptions; count += 1) {
            const { begin, end } = await interrupt(ear, model, stream, random);
            begins.push(begin);
            ends.push(end);
            await sleep(random(100, 300));
        }
        const to = performance.now();

        await world.page.evaluate(() => globalThis.bench.unblock());
        await hangUp(world);
        const { lateness, lost } = latenessOf(stream.sound(), from, to);
        const gaps = ear.gaps(sampleOf(steady));
        return { lateness, lost, gaps, begins, ends, broken: ear.gaps().length - gaps.length };
    });
}

/** One answer that is cut off in its middle, at a time of its own. */
async function interrupt(ear, model, stream, random) {
    model.hears('And then?');
    const asked = performance.now();
    model.begin();
    model.speak(stream.send, AHEAD_PIECES);
    const value = sampleOf(model.turn);
    const { at: begun } = await ear.until((heard) => heard === value, asked);
    await sleep(random(150, 650));
    const sent = performance.now();
    model.interrupted();
    const { at: silent } = await ear.until((heard) => heard !== value, sent);
    return { begin: begun - asked, end: silent - sent };
}

/** What the ear heard, in order. */
class Ear {
    #changes = [];
    #waiting;

    hear(change) {
        this.#changes.push(change);
        if (this.#waiting?.holds(change)) this.#waiting.resolve(change);
    }

    /** The first change after `from` to a sample of which `holds` is true. */
    async until(holds, from) {
        const matches = ({ at, value }) => at >= from && holds(value);
        const known = this.#changes.find(matches);
        if (known !== undefined) return known;
        let timer;
        try {
            return await new Promise((resolve, reject) => {
                this.#waiting = { holds: matches, resolve };
                timer = setTimeout(() => reject(new Error('the ear did not hear what was expected')), PATIENCE_MS);
            });
        } finally {
            clearTimeout(timer);
            this.#waiting = undefined;
        }
    }

    /** Silences between two sounds of the same answer, ms: of the one that consists of `value`, or of all. */
    gaps(value) {
        const found = [];
        for (const [index, { frame, value: sounds }] of this.#changes.entries()) {
            const [before, silence] = this.#changes.slice(Math.max(0, index - 2), index);
            if (sounds === 0 || silence?.value !== 0 || before?.value !== sounds) continue;
            if (value === undefined || value === sounds) found.push(((frame - silence.frame) * 1000) / RATE);
        }
        return found;
    }
}

/**
 * How much later each piece of sound came than the most punctual one within two seconds, ms; and how much sound was lost on
 * its way to the client, which makes everything after it seem late by as much.
 */
export function latenessOf(pieces, from, to) {
    const delays = pieces.filter(({ at }) => at >= from && at <= to).map(({ at, due }) => ({ at, delay: at - due }));
    const least = (begin, end) => Math.min(...delays.filter(({ at }) => at >= begin && at <= end).map(({ delay }) => delay));
    const lateness = delays.map(({ at, delay }) => delay - least(at - NEAR_MS, at + NEAR_MS));
    return { lateness, lost: least(to - 2 * NEAR_MS, to) - least(from, from + 2 * NEAR_MS) };
}

/** The same numbers in every run. */
function randomFrom(seed) {
    let state = seed;
    return (least, most) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return least + ((most - least) * state) / 2 ** 32;
    };
}
