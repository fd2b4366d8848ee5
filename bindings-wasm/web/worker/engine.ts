// The engine: one conversation over one connection, compiled from the Rust core.

import init, { Engine } from 'nova-sonic-engine';

export type { Engine };

/** What `poll` says there is to do. */
export const enum Poll {
  Nothing = 0,
  Binary = 1,
  Text = 2,
  EndInput = 3,
  Event = 4,
  Audio = 5,
}

let memory: WebAssembly.Memory | undefined;

/** Loads the WebAssembly: from those bytes, that address, or the file beside the worker. */
export async function loadEngine(wasm: string | ArrayBuffer | undefined): Promise<void> {
  const source = wasm ?? new URL('./engine_bg.wasm', import.meta.url);
  memory = (await init({ module_or_path: source })).memory;
}

/** A conversation that has not been connected. */
export function newEngine(config: string): Engine {
  return new Engine(config, seed(), performance.now());
}

/** The conversation's next connection: history, the last sound and open calls go with it. */
export function successorOf(engine: Engine, config: string): Engine {
  return engine.successor(config, seed(), performance.now());
}

/** What the engine has to send. A view into its memory, which the next call may move: send it or copy it at once. */
export function outgoing(engine: Engine): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer(), engine.outPtr(), engine.outLen());
}

/** The sound that the engine gives out, as a view likewise. */
export function sound(engine: Engine): Int16Array<ArrayBuffer> {
  return new Int16Array(buffer(), engine.outPtr(), engine.outLen() / Int16Array.BYTES_PER_ELEMENT);
}

function buffer(): ArrayBuffer {
  if (memory === undefined) throw new Error('the engine is not loaded');
  return memory.buffer;
}

function seed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}
