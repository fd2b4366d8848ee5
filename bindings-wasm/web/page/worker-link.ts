// The page's end of the worker: typed messages, and the answers to its questions.

import type { FromWorker, SessionEvent, ToWorker } from '../channel.js';
import { VoiceError, describe, isKnown, voiceError } from '../errors.js';
import type { Fault } from '../channel.js';
import type { CredentialsSource, RelaySource } from '../options.js';
import type { PlaybackStatistics, VoiceEvents } from '../types.js';
import { answerTo } from './credentials.js';

/** What a session hears from its worker. */
export interface LinkListener {
  connected(): void;
  event(event: SessionEvent): void;
  audio(event: VoiceEvents['audio']): void;
  statistics(statistics: PlaybackStatistics): void;
  /** The worker itself is broken. */
  broken(error: VoiceError): void;
}

export class WorkerLink {
  readonly #worker: Worker;
  readonly #sources: { credentials: CredentialsSource | undefined; relay: RelaySource | undefined };
  readonly #ended = new AbortController();

  constructor(
    worker: Worker,
    sources: { credentials: CredentialsSource | undefined; relay: RelaySource | undefined },
    listener: LinkListener,
  ) {
    this.#worker = worker;
    this.#sources = sources;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data, listener);
    worker.onerror = (event) => {
      event.preventDefault();
      listener.broken(voiceError('internal', `the worker failed: ${event.message}`));
    };
  }

  send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Ends the worker, and whatever it still had. */
  terminate(): void {
    this.#ended.abort();
    this.#worker.onmessage = this.#worker.onerror = null;
    this.#worker.terminate();
  }

  #receive(message: FromWorker, listener: LinkListener): void {
    switch (message.type) {
      case 'connected':
        listener.connected();
        break;
      case 'event':
        listener.event(message.event);
        break;
      case 'audio':
        listener.audio({ samples: message.samples, rate: message.rate, turn: message.turn });
        break;
      case 'statistics':
        listener.statistics(message.statistics);
        break;
      case 'question': {
        const { credentials, relay } = this.#sources;
        const { request, question } = message;
        void answerTo(question, credentials, relay, this.#ended.signal).then((value) => {
          if (!this.#ended.signal.aborted) this.send({ type: 'answer', request, value });
        });
        break;
      }
      case 'ready':
      case 'unusable':
        break;
    }
  }
}

/** The error of something that the worker tells, completed from the catalogue. */
export function completed(fault: Fault, cause?: unknown): VoiceError {
  const { code, message, retryable, blame } = fault;
  const known = isKnown(code) ? describe(code) : undefined;
  return new VoiceError(
    {
      code,
      message: message ?? known?.message ?? code,
      retryable: retryable ?? known?.retryable ?? false,
      blame: blame ?? known?.blame ?? 'caller',
    },
    cause,
  );
}
