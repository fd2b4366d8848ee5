// What both clients share: the task, the tick, and what the process has cost.

import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';

/** 32 ms of 16-bit sound at 16 kHz. */
export const FRAME = Buffer.alloc(1024, 1);
export const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const FRAME_MS = 32;
const APART_MS = 5.37;

/** Holds conversations by `open(task, count)`, which answers how to send a frame, and prints what they cost. */
export async function measure(open) {
    const task = JSON.parse(await text(process.stdin));
    const count = { sent: 0, received: 0 };
    for (let session = 0; session < task.sessions; session += 1) {
        const send = await open(task, count);
        every(FRAME_MS, () => {
            count.sent += 1;
            send();
        });
        await after(APART_MS);
    }
    await after(task.warmUpMs);
    const before = { ...count, cpu: process.cpuUsage(), at: performance.now() };
    await after(task.windowMs);
    const { user, system } = process.cpuUsage(before.cpu);
    const seconds = (performance.now() - before.at) / 1000;
    const each = (now, then) => (now - then) / seconds / task.sessions;
    const cost = {
        cpu: (user + system) / 1e4 / seconds / task.sessions,
        sent: each(count.sent, before.sent),
        received: each(count.received, before.received),
        rssMib: process.memoryUsage.rss() / 2 ** 20,
    };
    process.stdout.write(`${JSON.stringify(cost)}\n`);
}

/** A timer that does not fall behind. */
function every(ms, work) {
    let due = performance.now();
    const tick = () => {
        work();
        due += ms;
        setTimeout(tick, Math.max(0, due - performance.now()));
    };
    tick();
}
