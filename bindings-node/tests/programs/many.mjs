// Opens and closes conversations at random, in every way in which they can end, and tells what of it stays.

import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { VoiceSession } from '@nova-sonic/node';

import { route, routes } from './support.mjs';

const COUNT = Number(process.argv[3]);
/** How often it tells how far it is, in conversations. */
const STEP = 100;
const AT_ONCE = 15;

/** Sessions that the collector has not taken. */
let remembered = 0;
const forgotten = new FinalizationRegistry(() => (remembered -= 1));

/** Conversations that are over, and those that could not be opened. */
let done = 0;
let lost = 0;

/** The same chances in every run. */
let seed = 4711;
function chance() {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
}

const ENDS = {
    'closed in order': async (session) => {
        await session.start();
        void session.sendAudio(new Int16Array(8_000));
        await after(100 * chance());
        await session.close();
    },
    'closed while it opens': async (session) => {
        const started = session.start().catch(() => {});
        await after(5 * chance());
        await session.close();
        await started;
    },
    'aborted': async (session, abort) => {
        const started = session.start().catch(() => {});
        await after(20 * chance());
        abort();
        await started;
        await session.close();
    },
    'left in a loop': async (session) => {
        await session.start();
        session.sendText('Hello.');
        for await (const event of session) if (event.type === 'usage' || chance() < 0.1) break;
        await session.close();
    },
    'never started': async (session) => session.close(),
    'over by itself': async (session) => {
        session.on('audio', () => {});
        await session.start();
        for await (const event of session) void event;
    },
    'refused': async (session) => session.start().catch(() => {}),
    'nobody there': async (session) => session.start().catch(() => {}),
    'cut in mid-answer': async (session) => {
        await session.start();
        session.sendText('Break.');
        // what breaks it ends the loop, and is told by the last event
        for await (const event of session) void event;
    },
    'closed while it recovers': async (session) => {
        await session.start();
        session.sendText('Break.');
        for await (const event of session) if (event.type === 'renewing') break;
        await after(20 * chance());
        await session.close();
    },
    'left with a tool that never answers': async (session) => {
        await session.start();
        session.sendText('What is the weather like in Oslo?');
        await after(100 * chance());
        await session.close();
    },
    'thrown out of its loop': async (session) => {
        await session.start();
        session.sendText('Hello.');
        const failed = (async () => {
            for await (const event of session) if (event.type === 'transcript') throw new Error('of the application');
        })();
        await failed.catch(() => {});
        await session.close();
    },
};

/** Options of those that need their own. */
const OPTIONS = {
    'over by itself': { maxSeconds: 0.2 },
    'refused': { model: 'amazon.no-such-model' },
    'nobody there': { endpoint: 'http://127.0.0.1:9' },
    'cut in mid-answer': { ...routes.cut, renewal: false },
    'closed while it recovers': routes.cut,
    'left with a tool that never answers': {
        ...routes.weather,
        tools: { get_weather: { description: 'Weather of a city', execute: () => new Promise(() => {}) } },
    },
};

async function one() {
    const names = Object.keys(ENDS);
    const name = names[Math.floor(names.length * chance())];
    const controller = new AbortController();
    const session = new VoiceSession({ ...route, signal: controller.signal, ...OPTIONS[name] });
    remembered += 1;
    forgotten.register(session);
    try {
        await ENDS[name](session, () => controller.abort());
    } catch (error) {
        // one whose connection the service lets go of in the very moment may try again, and here just counts
        if (!error.retryable) throw error;
        lost += 1;
        await session.close();
    }
    done += 1;
    if (done % STEP === 0) console.error(`      ${done} conversations are over`);
}

async function several(count) {
    let left = count;
    const worker = async () => {
        while (left > 0) {
            left -= 1;
            await one();
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The threads of this process, by their names. */
function threads() {
    const names = [];
    for (const id of readdirSync('/proc/self/task')) {
        try {
            names.push(readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim());
        } catch {
            // it has ended meanwhile
        }
    }
    return names;
}

/** Threads that have looked addresses up stay for the next ones, and end when none come: after ten seconds. */
async function untilIdle() {
    const end = performance.now() + 60_000;
    while (threads().filter((name) => name === 'nova-sonic').length > 1 && performance.now() < end) await after(100);
}

/** What there is when everything has settled. */
async function census() {
    for (let round = 0; round < 5; round += 1) {
        globalThis.gc();
        await after(200);
    }
    return {
        remembered,
        descriptors: readdirSync('/proc/self/fd').length,
        threads: threads().length,
        ours: threads().filter((name) => name === 'nova-sonic').length,
        handles: process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap', 'FSReqPromise', 'FSReqCallback'].includes(name)).length,
        mebibytes: process.memoryUsage.rss() / 2 ** 20,
    };
}

await several(Math.ceil(COUNT / 2));
const before = await census();
await several(COUNT);
await untilIdle();
console.log(JSON.stringify({ before, after: await census(), lost }));
