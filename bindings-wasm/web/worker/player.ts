// The worker's end of the playback worklet: hands sound over, and hears how much of it was played.

import type { FromPlayback, ToPlayback } from '../worklets/messages.js';
import type { PlaybackStatistics } from '../types.js';

/** Buffers that are kept for later sound; an answer arrives faster than it plays. */
const SPARE_BUFFERS = 64;

/** What the worklet reports. */
export interface PlayerListener {
  played(turn: number, samples: number): void;
  statistics(statistics: PlaybackStatistics): void;
}

export class Player {
  #port: MessagePort | undefined;
  #spare: Int16Array<ArrayBuffer>[] = [];
  #latency = 0;
  readonly #listener: PlayerListener;

  constructor(listener: PlayerListener) {
    this.#listener = listener;
  }

  /** Plays through this worklet from now on. */
  attach(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromPlayback>) => this.#receive(data);
    this.#tell({ type: 'latency', seconds: this.#latency });
  }

  /** Plays these samples, which are copied, after those that wait. */
  play(turn: number, samples: Int16Array): void {
    if (this.#port === undefined) return;
    const kept = this.#spare.pop();
    const buffer = kept !== undefined && kept.length >= samples.length ? kept : new Int16Array(samples.length);
    buffer.set(samples);
    this.#port.postMessage(
      { type: 'sound', turn, samples: buffer, length: samples.length } satisfies ToPlayback,
      [buffer.buffer],
    );
  }

  /** Drops what is not yet played of this turn and of those before it. */
  flush(turn: number): void {
    this.#tell({ type: 'flush', turn });
  }

  /** Falls silent and keeps what waits. */
  hold(): void {
    this.#tell({ type: 'hold' });
  }

  /** Goes on where it was held. */
  resume(): void {
    this.#tell({ type: 'resume' });
  }

  /** How long a rendered sample takes to the ear, seconds. */
  setLatency(seconds: number): void {
    this.#latency = seconds;
    this.#tell({ type: 'latency', seconds });
  }

  #tell(message: ToPlayback): void {
    this.#port?.postMessage(message);
  }

  #receive(message: FromPlayback): void {
    switch (message.type) {
      case 'played':
        this.#listener.played(message.turn, message.samples);
        break;
      case 'spare':
        if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(message.samples);
        break;
      case 'statistics':
        this.#listener.statistics(message.statistics);
        break;
      case 'flushed':
        break;
    }
  }
}
