// The engine: one conversation over one connection, compiled from the Rust core. This is what the worker relies on;
// `engine-contract.ts` holds it against the declarations that were generated with the engine.

import init, { Engine as Built } from 'nova-sonic-engine';

/** Times are ms: `now` of `performance.now()`, `wall` since the epoch. Errors thrown are `{code, message, …}`. */
export interface Engine {
  openDirect(grant: Uint8Array, wall: number, endpoint?: string): string;
  openRelay(): void;
  connected(now: number): void;
  disconnected(now: number, code: number, reason: string): void;
  failed(now: number, code: string, message: string): void;
  receivedBinary(now: number, bytes: Uint8Array): void;
  receivedText(now: number, text: string): void;
  audio(now: number, samples: Int16Array): void;
  capture(now: number, samples: Float32Array, rate: number): void;
  text(now: number, text: string): void;
  microphone(now: number, position: string): void;
  played(now: number, turn: number, samples: number): void;
  interrupt(now: number): void;
  toolResult(now: number, id: string, json: string): void;
  toolFailed(now: number, id: string, message: string): void;
  timeout(now: number): void;
  hangup(now: number): void;
  poll(wall: number): number;
  outPtr(): number;
  outLen(): number;
  outTurn(): number;
  outText(): string;
  nextTimeout(): number;
  successor(config: string, seed: Uint8Array, now: number): Engine;
  level(): number;
  free(): void;
}

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
  return new Built(config, seed(), performance.now());
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
