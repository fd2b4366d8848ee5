// Sound on its way out: in order, at once while there is room, and bounded when there is none.

import { NovaSonicError, sound, voiceError } from './errors.js';
import type { NativeSession } from './native.js';

/** What may wait here beyond what waits inside, seconds; callers that wait for `sendAudio` never come near it. */
const MOST_SECONDS = 10;
const DONE = Promise.resolve();

export class Microphone {
  readonly #native: NativeSession;
  /** Bytes of a second of sound. */
  readonly #second: number;
  #last: Promise<void> | undefined;
  #waiting = 0;

  constructor(native: NativeSession, rate: number) {
    this.#native = native;
    this.#second = 2 * rate;
  }

  /** Settles when the sound was taken. Whoever does not wait is not punished with an unhandled rejection. */
  send(pcm: Int16Array | Uint8Array | ArrayBuffer): Promise<void> {
    const bytes = bytesOf(pcm);
    if (bytes === undefined) return rejected(voiceError('audio_unsupported', 'sound is no Int16Array and no bytes'));
    if (bytes.length % 2 === 1) {
      return rejected(voiceError('audio_unsupported', `${bytes.length} bytes are no whole number of 16-bit samples`));
    }
    if (this.#last === undefined && bytes.length <= this.#second) {
      const fault = this.#native.trySendAudio(bytes);
      // microphones go on a little after the end, which is no mistake
      if (fault === null || fault.code === 'session_closed') return DONE;
      if (fault.code !== 'audio_backpressure') return rejected(new NovaSonicError(fault));
    }
    if (this.#waiting > MOST_SECONDS * this.#second) {
      const seconds = Math.round(this.#waiting / this.#second);
      return rejected(voiceError('audio_backpressure', `${seconds} s of sound wait already: wait for sendAudio`));
    }
    return this.#queue(Buffer.from(bytes));
  }

  /** `bytes` are ours: they are read by another thread. */
  #queue(bytes: Uint8Array): Promise<void> {
    this.#waiting += bytes.length;
    const sent = this.#sendAfter(this.#last, bytes);
    this.#last = sent;
    const settled = (): void => {
      this.#waiting -= bytes.length;
      if (this.#last === sent) this.#last = undefined;
    };
    sent.then(settled, settled);
    return sent;
  }

  async #sendAfter(before: Promise<void> | undefined, bytes: Uint8Array): Promise<void> {
    await before?.catch(() => {});
    const fault = await this.#native.sendAudio(bytes);
    if (fault?.code !== 'session_closed') sound(fault);
  }
}

/** A view of the same memory. */
function bytesOf(sound: Int16Array | Uint8Array | ArrayBuffer): Uint8Array | undefined {
  if (sound instanceof Uint8Array) return sound;
  if (sound instanceof Int16Array) return new Uint8Array(sound.buffer, sound.byteOffset, sound.byteLength);
  if (sound instanceof ArrayBuffer) return new Uint8Array(sound);
  return undefined;
}

/** Rejected, and looked at. */
export function rejected(error: NovaSonicError): Promise<never> {
  return watched(Promise.reject(error));
}

/** The same promise, looked at: what is thrown away by the caller must not end the process. */
export function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
