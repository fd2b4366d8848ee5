// Half an hour of conversation in a minute or two: does anything pile up?

import { setTimeout as sleep } from 'node:timers/promises';

import { openHeaps } from './heaps.mjs';
import { Model, PIECE_MS, paced } from './model.mjs';
import { visit } from './visit.mjs';

/** Seconds of a turn: somebody asks, and is answered for so long. */
const TURN_SECONDS = 10;
const ANSWER_SECONDS = 6;
/** The service ends a stream after so many minutes, and the conversation goes on over another. */
const STREAM_MINUTES = 8;
/** How often the heaps are read, minutes. The first is after a stream has ended: by then everything has been needed once. */
const READ_MINUTES = 10;
/** How long it takes until everything under way has come, ms. */
const QUIET_MS = 500;

/** Holds a conversation of so many minutes, `speed` times as fast; answers what was in memory when. */
export async function endurance(server, { minutes, speed }) {
    server.keep = false;
    server.heard = () => {};
    try {
        return await visit(server, (world) => hold(world, server, minutes, speed));
    } finally {
        server.keep = true;
    }
}

async function hold({ page }, server, minutes, speed) {
    const heaps = await openHeaps(page);
    const begun = page.evaluate(async (speed) => {
        globalThis.bench.conversation = await globalThis.bench.endure(speed);
    }, speed);
    let stream = await server.stream();
    let model = new Model(stream.send);
    await begun;

    const readings = [];
    let came = 0;
    for (let minute = 1; minute <= minutes; minute += 1) {
        for (let turn = 0; turn < 60 / TURN_SECONDS; turn += 1) await oneTurn(model, stream, speed, turn);
        if (minute % READ_MINUTES === 0) readings.push({ minute, ...(await read(page, heaps)) });
        if (minute % STREAM_MINUTES !== 0 || minute === minutes) continue;
        stream.cut();
        came += stream.samples;
        stream = await server.stream();
        model = new Model(stream.send);
    }
    came += stream.samples;
    const { sent: offered, errors } = await seen(page);
    if (errors.length > 0) throw new Error(`the conversation had errors: ${errors.join(', ')}`);
    await page.evaluate(async () => {
        globalThis.bench.conversation.stop();
        await globalThis.bench.conversation.close();
    });
    return { readings, offered, came };
}

/** Reads the heaps while nothing happens: what is made between a collection and the reading would count. */
async function read(page, heaps) {
    await page.evaluate(() => globalThis.bench.conversation.hold(true));
    await sleep(QUIET_MS);
    const reading = { ...(await heaps.read()), ...(await seen(page)) };
    await page.evaluate(() => globalThis.bench.conversation.hold(false));
    return reading;
}

function seen(page) {
    return page.evaluate(() => globalThis.bench.conversation.seen());
}

async function oneTurn(model, stream, speed, number) {
    const text = `This is what number ${number} of many answers has to say about the little fox.`;
    model.hears('And what happened then?');
    model.begin(text);
    await paced(PIECE_MS / speed, ANSWER_SECONDS / speed, (pieces) => model.speak(stream.send, pieces));
    model.end(text);
    await sleep((1000 * (TURN_SECONDS - ANSWER_SECONDS)) / speed);
}
