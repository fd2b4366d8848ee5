// Opens and closes conversations at random, in every way in which they can end, and tells what of it stays.

import { readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { VoiceSession } from '@nova-sonic/node';

import { route } from './support.mjs';

const COUNT = Number(process.argv[3]);
const AT_ONCE = 15;

/** Sessions that the collector has not taken. */
let remembered = 0;
const forgotten = new FinalizationRegistry(() => (remembered -= 1));

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
};

async function one() {
    const names = Object.keys(ENDS);
    const name = names[Math.floor(names.length * chance())];
    const controller = new AbortController();
    const options = { signal: controller.signal };
    if (name === 'over by itself') options.maxSeconds = 0.2;
    if (name === 'refused') options.model = 'amazon.no-such-model';
    const session = new VoiceSession({ ...route, ...options });
    remembered += 1;
    forgotten.register(session);
    await ENDS[name](session, () => controller.abort());
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

/** What there is when everything has settled. */
async function census() {
    for (let round = 0; round < 5; round += 1) {
        globalThis.gc();
        await after(200);
    }
    return {
        remembered,
        descriptors: readdirSync('/proc/self/fd').length,
        threads: readdirSync('/proc/self/task').length,
        handles: process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap', 'FSReqPromise', 'FSReqCallback'].includes(name)).length,
        mebibytes: process.memoryUsage.rss() / 2 ** 20,
    };
}

await several(Math.ceil(COUNT / 2));
const before = await census();
await several(COUNT);
console.log(JSON.stringify({ before, after: await census() }));
