// The engine: conversations over one connection each, compiled from the Rust core. The WebAssembly takes numbers and gives
// numbers; texts, bytes and sound go through its memory, where this module puts and finds them.

import type { EngineEvent } from './events.js';

/** What the WebAssembly exports: `src/exports.rs`. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  engine_room(length: number): number;
  engine_make(before: number, now: number, length: number): number;
  engine_free(engine: number): void;
  engine_act(engine: number, act: Act, now: number, first: number, second: number): number;
  engine_poll(engine: number, wall: number): Poll;
  engine_out_pointer(): number;
  engine_out_length(): number;
  engine_out_turn(): number;
  engine_next_timeout(engine: number): number;
  engine_level(engine: number): number;
}

/** What `poll` says there is to do, in the order of `src/conversation.rs`. */
export const enum Poll {
  /** Wait. */
  Nothing,
  /** Send `outBytes()` as a binary message. */
  Binary,
  /** Send `outText()` as a text message. */
  Text,
  /** Nothing more will be sent but what the next poll gives. */
  EndInput,
  /** Tell the application `outText()`. */
  Event,
  /** Play `outSamples()` for `outTurn()`. */
  Sound,
}

/** What can be done with a conversation, in the order of `src/desk.rs`. */
const enum Act {
  OpenDirect,
  OpenRelay,
  Connected,
  Disconnected,
  Failed,
  ReceivedBinary,
  ReceivedText,
  Audio,
  Capture,
  Text,
  Microphone,
  Played,
  Interrupt,
  ToolResult,
  ToolFailed,
  Timeout,
  Hangup,
  BreakOff,
  FallSilent,
}

let wasm: Exports;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let loading: Promise<void> | undefined;

/** Loads the WebAssembly, once: from those bytes, that address, or the file beside the worker. */
export function loadEngine(source: string | BufferSource | undefined): Promise<void> {
  loading ??= load(source);
  return loading;
}

async function load(source: string | BufferSource | undefined): Promise<void> {
  const { instance } = await instantiated(source ?? new URL('./engine_bg.wasm', import.meta.url));
  wasm = instance.exports as unknown as Exports;
}

async function instantiated(source: string | URL | BufferSource): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  if (typeof source !== 'string' && !(source instanceof URL)) return await WebAssembly.instantiate(source);
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${response.status} for ${response.url}`);
  // compiled while it arrives, where the server says what it is
  if (response.headers.get('Content-Type') === 'application/wasm') return await WebAssembly.instantiateStreaming(response);
  return await WebAssembly.instantiate(await response.arrayBuffer());
}

/** A conversation that has not been connected. */
export function newEngine(config: string): Engine {
  return new Engine(config, seed(), performance.now());
}

/** The conversation's next connection: history, the last sound and open calls go with it. */
export function successorOf(engine: Engine, config: string): Engine {
  return new Engine(config, seed(), performance.now(), engine);
}

function seed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** How much memory the WebAssembly has taken, bytes. */
export function engineMemory(): number {
  return wasm.memory.buffer.byteLength;
}

/** Puts these into the memory for the next call, one after the other; says how long the first is, bytes. */
function give(...parts: (string | ArrayBufferView)[]): number {
  const given = parts.map((part) => {
    return typeof part === 'string' ? encoder.encode(part) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  });
  let at = wasm.engine_room(given.reduce((sum, { length }) => sum + length, 0));
  const memory = new Uint8Array(wasm.memory.buffer);
  for (const bytes of given) {
    memory.set(bytes, at);
    at += bytes.length;
  }
  return given[0]?.length ?? 0;
}

/** What the last call has to say. A view into the memory, which the next call may move: send it or copy it at once. */
function outBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(wasm.memory.buffer as ArrayBuffer, wasm.engine_out_pointer(), wasm.engine_out_length());
}

function outText(): string {
  return decoder.decode(outBytes());
}

/**
 * One conversation over one connection. Times are ms: `now` of a clock that only runs forward (`performance.now()`), `wall`
 * since the epoch. What is thrown is a plain object, `{code, message, retryable, blame}`.
 */
export class Engine {
  readonly #engine: number;

  /** `config`: the text of a JSON object; `seed`: 32 random bytes. With `before` it goes on with that conversation, over
   * another connection: with its history, the last seconds of the microphone, its turns and the tool calls that wait. */
  constructor(config: string, seed: Uint8Array, now: number, before?: Engine) {
    const length = give(config, seed);
    this.#engine = wasm.engine_make(before === undefined ? 0 : before.#engine, now, length);
    if (this.#engine === 0) throw JSON.parse(outText());
  }

  #act(act: Act, now: number, first = 0, second = 0): void {
    if (wasm.engine_act(this.#engine, act, now, first, second) !== 0) throw JSON.parse(outText());
  }

  /** The URL of a WebSocket straight to Bedrock. `grant`: the bytes that the credentials' endpoint answered, which are
   * wiped; `endpoint`: where, if not at the region's own; `received`: what `wall` was when the answer came, if not just now. */
  openDirect(grant: Uint8Array, wall: number, endpoint?: string, received?: number): string {
    const length = give(grant, endpoint ?? '');
    grant.fill(0);
    this.#act(Act.OpenDirect, wall, length, received ?? NaN);
    return outText();
  }

  /** From now on messages are those of `nova-sonic.relay.v1`. */
  openRelay(): void {
    this.#act(Act.OpenRelay, 0);
  }

  /** The socket is open. */
  connected(now: number): void {
    this.#act(Act.Connected, now);
  }

  /** The socket was closed, as its `close` event says. */
  disconnected(now: number, code: number, reason: string): void {
    give(reason);
    this.#act(Act.Disconnected, now, code);
  }

  /** The connection failed, for a reason that only the worker knows: one of the codes of this library. */
  failed(now: number, code: string, message: string): void {
    this.#act(Act.Failed, now, give(code, message));
  }

  /** A binary message came. */
  receivedBinary(now: number, bytes: Uint8Array): void {
    give(bytes);
    this.#act(Act.ReceivedBinary, now);
  }

  /** A text message came. */
  receivedText(now: number, text: string): void {
    give(text);
    this.#act(Act.ReceivedText, now);
  }

  /** Sound of the microphone at the session's rate, up to a second of it; it goes out as it is cut. */
  audio(now: number, samples: Int16Array): void {
    give(samples);
    this.#act(Act.Audio, now);
  }

  /** Sound of the microphone at the device's `rate`, Hz, in blocks of any size; it goes out in frames of 32 ms. */
  capture(now: number, samples: Float32Array, rate: number): void {
    give(samples);
    this.#act(Act.Capture, now, rate);
  }

  /** Something the user typed. */
  text(now: number, text: string): void {
    give(text);
    this.#act(Act.Text, now);
  }

  /** Moves the microphone: `open`, `muted` or `closed`. */
  microphone(now: number, position: string): void {
    give(position);
    this.#act(Act.Microphone, now);
  }

  /** So many samples of this turn have been played, counted from its first. */
  played(now: number, turn: number, samples: number): void {
    this.#act(Act.Played, now, turn, samples);
  }

  /** The user wants silence. */
  interrupt(now: number): void {
    this.#act(Act.Interrupt, now);
  }

  /** The answer of a tool: the text of any JSON value. */
  toolResult(now: number, id: string, json: string): void {
    this.#act(Act.ToolResult, now, give(id, json));
  }

  /** A tool failed; the model is told so in these words. */
  toolFailed(now: number, id: string, message: string): void {
    this.#act(Act.ToolFailed, now, give(id, message));
  }

  /** A deadline may have passed. */
  timeout(now: number): void {
    this.#act(Act.Timeout, now);
  }

  /** The application hangs up. */
  hangup(now: number): void {
    this.#act(Act.Hangup, now);
  }

  /** The session has ended, and another takes the conversation up: whether what has come of an answer is still heard, of
   * which this one then tells `interrupted`. */
  breakOff(now: number): boolean {
    this.#act(Act.BreakOff, now);
    return outText() !== '';
  }

  /** The conversation is over, and nothing more is played: what is to be told of an answer that was not heard whole. */
  fallSilent(now: number): EngineEvent | undefined {
    this.#act(Act.FallSilent, now);
    const told = outText();
    return told === '' ? undefined : (JSON.parse(told) as EngineEvent);
  }

  /** What to do next; what belongs to it is there until the next call of any engine. */
  poll(wall: number): Poll {
    return wasm.engine_poll(this.#engine, wall);
  }

  /** The bytes that `poll` has found, as a view: send them or copy them at once. */
  outBytes(): Uint8Array<ArrayBuffer> {
    return outBytes();
  }

  /** The samples that `poll` has found, as a view likewise. */
  outSamples(): Int16Array<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = outBytes();
    return new Int16Array(buffer, byteOffset, byteLength / Int16Array.BYTES_PER_ELEMENT);
  }

  /** The text that `poll` has found. */
  outText(): string {
    return outText();
  }

  /** The turn that the samples belong to. */
  outTurn(): number {
    return wasm.engine_out_turn();
  }

  /** When `timeout` is to be called, in ms of the clock of `now`; `Infinity` for never. */
  nextTimeout(): number {
    return wasm.engine_next_timeout(this.#engine);
  }

  /** Loudness of the last block of the microphone, dBFS. */
  level(): number {
    return wasm.engine_level(this.#engine);
  }

  /** Forgets the conversation; nothing is called any more. */
  free(): void {
    wasm.engine_free(this.#engine);
  }
}
