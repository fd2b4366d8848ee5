// The engine as it is shipped, loaded once for all tests of a file.

import { readFileSync } from 'node:fs';

import { compiled } from '../../page/compiled.mjs';

const WASM = new URL('../../../dist/engine_bg.wasm', import.meta.url);

const { Engine, engineMemory, loadEngine } = await compiled('worker/engine.ts');
await loadEngine(readFileSync(WASM));

export { Engine, engineMemory };

/** What `poll` finds. */
export const FOUND = { nothing: 0, binary: 1, text: 2, endInput: 3, event: 4, sound: 5 };

/** 32 bytes that are all alike: the ids of a conversation are then always the same. */
export function seed(byte = 7) {
    return new Uint8Array(32).fill(byte);
}

/** Everything that `engine` has to say now: `{binary}`, `{text}`, `{endInput}`, `{event}` or `{sound, turn}` each. */
export function drained(engine, wall = 0) {
    const found = [];
    for (;;) {
        switch (engine.poll(wall)) {
            case FOUND.nothing:
                return found;
            case FOUND.binary:
                found.push({ binary: Buffer.from(engine.outBytes()) });
                break;
            case FOUND.text:
                found.push({ text: engine.outText() });
                break;
            case FOUND.endInput:
                found.push({ endInput: true });
                break;
            case FOUND.event:
                found.push({ event: JSON.parse(engine.outText()) });
                break;
            case FOUND.sound:
                found.push({ sound: engine.outSamples().slice(), turn: engine.outTurn() });
                break;
        }
    }
}

/** What `call` throws; it has to throw. */
export function thrown(call) {
    try {
        call();
    } catch (error) {
        return error;
    }
    throw new Error('nothing was thrown');
}
