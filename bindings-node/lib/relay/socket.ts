// One socket of the library `ws`, and the native connection behind it.

import type { NativeRelayConnection, NativeRelayStep } from '../native.js';
import type { Tools } from '../options.js';
import { ToolRunner } from '../tools/tools.js';
import type { RelayRecord } from './options.js';

/** What may wait for a client that reads slowly, bytes; then nothing more is read from the service. */
const MOST_BUFFERED = 256 * 1024;
/** A client that takes nothing for so long is gone, ms. */
const STALLED_MS = 30_000;

/** A socket, as the library `ws` has them. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, options: { binary: boolean }, sent: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown;
  on(event: 'close' | 'error', listener: () => void): unknown;
}

/** Carries one conversation until both sides are done. */
export class Socket {
  readonly #socket: WebSocketLike;
  readonly #native: NativeRelayConnection;
  readonly #tools: ToolRunner;
  readonly #ended: (record: RelayRecord) => void;
  readonly #stalledMs: number;
  #isGone = false;
  #isDraining = false;
  #stalled: NodeJS.Timeout | undefined;

  /** `connect` is given the bell, and returns the connection that rings it. */
  constructor(
    socket: WebSocketLike,
    tools: Tools,
    connect: (ring: () => void) => NativeRelayConnection,
    ended: (record: RelayRecord) => void,
    stalledMs = STALLED_MS,
  ) {
    this.#socket = socket;
    this.#stalledMs = stalledMs;
    this.#ended = ended;
    this.#native = connect(() => this.#drain());
    this.#tools = new ToolRunner(() => tools, {
      result: (id, json) => this.#answered(id, this.#native.sendToolResult(id, json)?.message),
      failed: (id, message) => void this.#native.failTool(id, message),
      unanswered: ({ id, name }) => void this.#native.failTool(id, `there is no tool ${name}`),
      answered: () => {},
    });
    this.#drain();
  }

  /** A message of the client. */
  receive(data: Buffer, isBinary: boolean): void {
    if (this.#isGone) return;
    if (isBinary) this.#native.receiveBinary(data);
    else this.#native.receiveText(data.toString('utf8'));
  }

  /** The socket is closed, by whomever: the service is told, and the record completed. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#stalled);
    this.#tools.close();
    this.#native.gone();
    this.#drain();
  }

  /** Does what there is to do, as fast as the client reads. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      while (this.#hasRoom()) {
        const steps = this.#native.take();
        if (steps.length === 0) break;
        for (const step of steps) this.#do(step);
      }
    } finally {
      this.#isDraining = false;
    }
  }

  #hasRoom(): boolean {
    return this.#isGone || this.#socket.bufferedAmount < MOST_BUFFERED;
  }

  #do({ text, bytes, call, close, over }: NativeRelayStep): void {
    if (over) this.#over();
    else if (call !== undefined) this.#tools.call({ ...call, input: parsed(call.input) });
    else if (this.#isGone) return;
    else if (close !== undefined) this.#socket.close(close.code, close.reason);
    else if (text !== undefined) this.#send(text, false);
    else if (bytes !== undefined) this.#send(bytes, true);
  }

  #send(data: string | Buffer, binary: boolean): void {
    this.#stalled ??= setTimeout(() => this.#socket.terminate(), this.#stalledMs).unref();
    this.#socket.send(data, { binary }, (error) => {
      if (error !== undefined && error !== null) return;
      if (this.#socket.bufferedAmount === 0) {
        clearTimeout(this.#stalled);
        this.#stalled = undefined;
      } else {
        this.#stalled?.refresh();
      }
      this.#drain();
    });
  }

  #answered(id: string, problem: string | undefined): void {
    if (problem !== undefined) this.#native.failTool(id, problem);
  }

  #over(): void {
    const record = JSON.parse(this.#native.record()) as RelayRecord & { started: number; ended: number | null };
    const { started, ended } = record;
    this.#ended({ ...record, started: new Date(started), ended: ended === null ? undefined : new Date(ended) });
  }
}

/** A model now and then forgets a bracket: the tool gets its words all the same. */
function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
