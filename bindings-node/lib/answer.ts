// One answer of the model as a whole, for programs that need not follow how it comes.

import { writeFile } from 'node:fs/promises';
import type { PathLike } from 'node:fs';
import { inspect } from 'node:util';

import { outcome, voiceError } from './errors.js';
import type { Inbox } from './inbox.js';
import { NativeGathering, wavOf } from './native.js';
import type { VoiceEvent } from './types.js';

/** What the model has said in answer: its words, and their sound. Printing it shows neither. */
export class Answer {
  /** The words: of an answer that was interrupted, those that were heard. */
  readonly text: string;
  /** The sound, 16-bit mono, as numbers. */
  readonly samples: Int16Array;
  /** The same as the bytes that files and sockets take, little-endian. */
  readonly pcm: Buffer;
  /** Samples per second. */
  readonly rate: number;
  /** Whether the user spoke before the end. */
  readonly interrupted: boolean;

  /** @internal */
  constructor(gathering: NativeGathering) {
    const { text, sound, rate, interrupted } = gathering.answer();
    this.text = text;
    this.samples = new Int16Array(sound.buffer, sound.byteOffset, sound.length >> 1);
    this.pcm = sound;
    this.rate = rate;
    this.interrupted = interrupted;
  }

  /** How long the sound lasts, ms. */
  get durationMs(): number {
    return (this.samples.length * 1000) / this.rate;
  }

  /** Writes the sound to a WAV file. Rejects with Node's own error where that cannot be. */
  async save(path: PathLike): Promise<void> {
    await writeFile(path, outcome(wavOf(this.pcm, this.rate)));
  }

  [inspect.custom](): string {
    const { rate, durationMs, interrupted } = this;
    return `Answer { rate: ${rate}, durationMs: ${durationMs}, interrupted: ${interrupted} }`;
  }
}

/** How an answer is waited for. */
export interface AnswerOptions {
  /** Gives the waiting up when aborted; the conversation goes on. `answer()` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The next answer among the events of an inbox. `closing` is the signal that may have closed the conversation. */
export function nextAnswer(inbox: Inbox, { signal }: AnswerOptions, closing: AbortSignal | undefined): Promise<Answer> {
  const gathering = new NativeGathering();
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const take = (event: VoiceEvent | undefined): boolean => {
      if (event === undefined || event.type === 'closed') reject(event?.error ?? ended(closing));
      else if (gathering.add(event)) resolve(new Answer(gathering));
      else return false;
      signal?.removeEventListener('abort', stop);
      return true;
    };
    const stop = (): void => {
      inbox.withdraw(take);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    inbox.takeFirst(take);
  });
}

/** Why there is no answer, where nothing broke. */
function ended(closing: AbortSignal | undefined): unknown {
  if (closing?.aborted === true) return closing.reason;
  return voiceError('session_closed', 'the conversation ended before the answer did');
}
