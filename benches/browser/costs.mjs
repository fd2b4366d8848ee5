// What a conversation costs the machine of its user, while nobody interrupts and nobody listens in.

import { setTimeout as sleep } from 'node:timers/promises';

import { PIECE_MS, paced } from './model.mjs';
import { spent, threadTimes } from './threads.mjs';
import { converse, hangUp, visit } from './visit.mjs';

/** Share of one core that each part takes of a conversation in full duplex, in percent. */
export async function costs(server, subject, { seconds }) {
    server.heard = () => {};
    return visit(server, async (world) => {
        const { stream, model } = await converse(world, server, subject, { listening: false });
        model.begin();
        // compilers have done their work and buffers have grown
        await paced(PIECE_MS, 4, (pieces) => model.speak(stream.send, pieces));
        const before = await threadTimes(world.browser);
        const from = performance.now();
        await paced(PIECE_MS, seconds, (pieces) => model.speak(stream.send, pieces));
        const after = await threadTimes(world.browser);
        const elapsed = (performance.now() - from) / 1000;
        model.end();
        await sleep(500);
        await hangUp(world);
        const parts = spent(before, after);
        return Object.fromEntries(Object.entries(parts).map(([part, cpu]) => [part, (100 * cpu) / elapsed]));
    });
}
