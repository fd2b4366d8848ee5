// How loud both sides are, looked at once a frame while somebody looks.

import type { VoiceSessionLike } from '../types.js';
import { Topic } from './topic.js';

/** How loud both sides are, 0 (silence) to 1, in steps of a hundredth. */
export interface VoiceLevels {
  readonly input: number;
  readonly output: number;
}

export const SILENT: VoiceLevels = { input: 0, output: 0 };

/** The levels of a provider's session. Costs nothing while nobody watches or nobody talks. */
export class Levels {
  readonly topic: Topic<VoiceLevels>;
  readonly #session: () => VoiceSessionLike | undefined;
  #frame: number | undefined;
  #watched = false;

  constructor(session: () => VoiceSessionLike | undefined) {
    this.#session = session;
    this.topic = new Topic(SILENT, (watched) => {
      this.#watched = watched;
      this.wake();
    });
  }

  /** Looks whether there is something to look at: after a session came, changed its state, or went. */
  wake(): void {
    if (this.#watched && this.#talking()) {
      this.#frame ??= requestAnimationFrame(this.#look);
      return;
    }
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    if (!this.#talking()) this.topic.set(SILENT);
  }

  readonly #look = (): void => {
    this.#frame = undefined;
    const session = this.#session();
    if (session) {
      const now = { input: inSteps(session.inputLevel), output: inSteps(session.outputLevel) };
      const before = this.topic.read();
      if (now.input !== before.input || now.output !== before.output) this.topic.set(now);
    }
    this.wake();
  };

  #talking(): boolean {
    const session = this.#session();
    if (!session || session.state === 'closed') return false;
    // idle is also what a session is before it starts
    return session.state !== 'idle' || session.transport !== undefined;
  }
}

function inSteps(level: number): number {
  return Math.round(Math.min(1, Math.max(0, level)) * 100) / 100;
}
