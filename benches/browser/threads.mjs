// CPU time of a browser's threads, from /proc.

import { readFile, readdir } from 'node:fs/promises';

/** How Chromium calls the threads that a conversation keeps busy; the kernel cuts names after 15 letters. */
const NAMES = [
    ['worker', /^DedicatedWorker/],
    ['worklets', /^(Realtime )?AudioW/],
    ['devices', /^Audio/],
];

/** CPU seconds of every thread of the process that shows the page, and of the browser's others together. */
export async function threadTimes(browser) {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const times = new Map();
    for (const { type, id } of processInfo) {
        const folder = `/proc/${id}/task`;
        for (const thread of await readdir(folder).catch(() => [])) {
            const [name, seconds] = await Promise.all([nameOf(folder, thread), secondsOf(folder, thread)]).catch(() => []);
            if (name === undefined) continue;
            times.set(`${id}/${thread}`, { part: partOf(type, String(id) === thread, name), name, type, seconds });
        }
    }
    return times;
}

/** CPU seconds between two readings, by part. Of the processes that show pages, the busiest is meant. */
export function spent(before, after) {
    const sums = {};
    for (const [thread, { part, seconds }] of after) {
        sums[part] = (sums[part] ?? 0) + seconds - (before.get(thread)?.seconds ?? 0);
    }
    return sums;
}

function partOf(type, isFirst, name) {
    if (type !== 'renderer') return 'browser';
    if (isFirst) return 'page';
    return NAMES.find(([, pattern]) => pattern.test(name))?.[0] ?? 'rest';
}

async function nameOf(folder, thread) {
    return (await readFile(`${folder}/${thread}/comm`, 'utf8')).trim();
}

/** The scheduler's own count, ns. */
async function secondsOf(folder, thread) {
    return Number((await readFile(`${folder}/${thread}/schedstat`, 'utf8')).split(' ')[0]) / 1e9;
}
