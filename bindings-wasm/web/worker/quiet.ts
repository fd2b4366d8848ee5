// Whether somebody is in the middle of something: connections change hands between utterances.

import type { VoiceState } from '../types.js';

/** A microphone that is louder than this may be somebody talking, dBFS. */
const VOICE_DB = -45;
/** How long nobody must have said anything, ms: longer than the service takes to call an utterance finished. */
const PAUSE_MS = 2_500;

export class Quiet {
  #loudAt = -Infinity;
  #busyAt = -Infinity;
  #state: VoiceState = 'initializing';

  /** One block of the microphone. */
  heard(levelDb: number, now: number): void {
    if (levelDb > VOICE_DB) this.#loudAt = now;
  }

  /** The conversation's state is another one. */
  changed(state: VoiceState, now: number): void {
    if (this.#state === 'speaking' || this.#state === 'thinking') this.#busyAt = now;
    this.#state = state;
  }

  /** Whether a change of the connection would go unnoticed. */
  isQuiet(now: number): boolean {
    if (this.#state !== 'listening' && this.#state !== 'idle') return false;
    return now - Math.max(this.#loudAt, this.#busyAt) > PAUSE_MS;
  }
}
