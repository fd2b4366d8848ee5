// One engine and the socket that carries it. Knows bytes and deadlines, and nothing of what the conversation is about.

import type { ConnectionKind } from '../options.js';
import { Poll, type Engine } from './engine.js';
import { onBlocked } from './policy.js';

/** Bytes waiting in the socket at which the microphone's sound is dropped: more than a second of it. */
const SHED_BYTES = 96 * 1024;
/** Bytes at which nothing more is given to the socket until it has sent some. */
const FULL_BYTES = 256 * 1024;
/** How often a full socket is looked at, ms. */
const FULL_RETRY_MS = 50;
/** A socket that has been full for so long carries nothing any more, ms. */
const STUCK_MS = 5_000;

/** What happened before a socket was open. */
export type Unopened =
  | { readonly why: 'timeout' }
  | { readonly why: 'blocked'; readonly message: string }
  | { readonly why: 'closed'; readonly code: number; readonly reason: string; readonly afterMs: number };

type Phase = 'new' | 'open' | 'over' | 'freed';

/** Whoever listens to a line. */
export interface LineListener {
  /** One event of the engine, as its JSON. */
  event(line: Line, json: string): void;
  /** Sound of the answer: a view, to be copied at once. */
  sound(line: Line, samples: Int16Array, turn: number): void;
}

export class Line {
  readonly kind: ConnectionKind;
  readonly engine: Engine;
  /** Added to the engine's turns: those that the line before it counted after this one had been prepared. */
  turnBase: number;
  /** The last turn that was another line's. */
  after = 0;
  #listener: LineListener;
  #socket: WebSocket | undefined;
  #phase: Phase = 'new';
  #pumping = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #fullSince: number | undefined;
  /** The calendar at the anchor of `performance.now()`: it runs on evenly if somebody sets the clock. */
  readonly #calendar: number;

  constructor(kind: ConnectionKind, engine: Engine, turnBase: number, listener: LineListener) {
    this.kind = kind;
    this.engine = engine;
    this.turnBase = turnBase;
    this.#listener = listener;
    this.#calendar = Date.now() - performance.now();
  }

  /** Ms since the epoch, for signatures. */
  get wall(): number {
    return this.#calendar + performance.now();
  }

  /** Whether the socket is open. */
  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** Whether sound may be given to the engine, or would only pile up. */
  get takesSound(): boolean {
    return (this.#socket?.bufferedAmount ?? 0) < SHED_BYTES;
  }

  /** Opens the socket; settles when it is open, or rejects with an {@link Unopened}. */
  open(url: string, protocols: string[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    return new Promise((resolve, reject: (why: Unopened) => void) => {
      let socket: WebSocket;
      try {
        socket = new WebSocket(url, protocols);
      } catch (error) {
        // the address itself: a wrong scheme, or mixed content
        reject({ why: 'blocked', message: error instanceof Error ? error.name : 'unknown' });
        return;
      }
      socket.binaryType = 'arraybuffer';
      this.#socket = socket;
      const timer = setTimeout(() => giveUp({ why: 'timeout' }), timeoutMs);
      const aborted = (): void => giveUp({ why: 'blocked', message: 'aborted' });
      const unwatch = onBlocked(url, () => giveUp({ why: 'blocked', message: 'policy' }));
      const settle = (): void => {
        clearTimeout(timer);
        unwatch();
        signal.removeEventListener('abort', aborted);
      };
      const giveUp = (why: Unopened): void => {
        settle();
        socket.onopen = socket.onclose = null;
        socket.close();
        reject(why);
      };
      signal.addEventListener('abort', aborted);
      socket.onclose = ({ code, reason }) => {
        giveUp({ why: 'closed', code, reason, afterMs: performance.now() - started });
      };
      socket.onopen = () => {
        settle();
        this.#opened(socket);
        resolve();
      };
    });
  }

  #opened(socket: WebSocket): void {
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      this.drive((engine, now) => {
        if (typeof data === 'string') engine.receivedText(now, data);
        else engine.receivedBinary(now, new Uint8Array(data));
      });
    };
    socket.onclose = ({ code, reason }) => {
      this.#phase = 'over';
      this.drive((engine, now) => engine.disconnected(now, code, reason));
    };
    this.#phase = 'open';
    this.drive((engine, now) => engine.connected(now));
  }

  /** Gives something to the engine, then does what the engine wants done. What the engine throws is thrown. */
  drive(input: (engine: Engine, now: number) => void): void {
    if (this.#phase === 'freed') return;
    try {
      input(this.engine, performance.now());
    } finally {
      this.#pump();
    }
  }

  /** The connection is of no use any more. */
  fail(code: string, message: string): void {
    if (this.#phase === 'open') this.#phase = 'over';
    this.drive((engine, now) => engine.failed(now, code, message));
  }

  /** Closes the socket and frees the engine. Nothing is called any more. */
  free(): void {
    if (this.#phase === 'freed') return;
    this.closeSocket();
    clearTimeout(this.#timer);
    this.#phase = 'freed';
    // the engine may be in the middle of a call that led here
    queueMicrotask(() => this.engine.free());
  }

  /** Ends the socket in order. */
  closeSocket(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
    this.#socket = undefined;
    this.#phase = 'over';
  }

  #pump(): void {
    // an event's listener may have given the engine something
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    try {
      do {
        this.#again = false;
        while (this.#mayPoll() && this.#step());
      } while (this.#again);
    } finally {
      this.#pumping = false;
      this.#schedule();
    }
  }

  #mayPoll(): boolean {
    if (this.#phase === 'freed') return false;
    if (this.#phase !== 'open' || this.#socket === undefined || this.#socket.bufferedAmount < FULL_BYTES) {
      this.#fullSince = undefined;
      return true;
    }
    this.#fullSince ??= performance.now();
    return false;
  }

  #step(): boolean {
    const engine = this.engine;
    switch (engine.poll(this.wall)) {
      case Poll.Nothing:
        return false;
      case Poll.Binary:
        // the browser copies before it returns
        this.#send(engine.outBytes());
        return true;
      case Poll.Text:
        this.#send(engine.outText());
        return true;
      case Poll.Event:
        this.#listener.event(this, engine.outText());
        return true;
      case Poll.Sound:
        this.#listener.sound(this, engine.outSamples(), engine.outTurn() + this.turnBase);
        return true;
      case Poll.EndInput:
        return true;
    }
  }

  #send(data: Uint8Array<ArrayBuffer> | string): void {
    if (this.#phase === 'open') this.#socket?.send(data);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#phase === 'freed') return;
    if (this.#fullSince !== undefined) {
      this.#timer = setTimeout(() => this.#lookAgain(), FULL_RETRY_MS);
      return;
    }
    const next = this.engine.nextTimeout();
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.drive((engine, now) => engine.timeout(now)), next - performance.now());
  }

  #lookAgain(): void {
    if (this.#fullSince !== undefined && performance.now() - this.#fullSince > STUCK_MS) {
      this.#fullSince = undefined;
      this.closeSocket();
      this.fail('connection_lost', 'the network has taken nothing for five seconds');
      return;
    }
    this.drive(() => undefined);
  }
}
