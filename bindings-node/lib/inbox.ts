// Events between the native part, which has a bounded number of them, and loops, which take one at a time.

import type { VoiceEvent } from './types.js';

/** Events that wait for a slow loop while listeners go on; then listeners wait, too. */
const MOST_WAITING = 256;

type Step = IteratorResult<VoiceEvent, undefined>;

export class Inbox {
  readonly #waiting: VoiceEvent[] = [];
  readonly #asking: ((step: Step) => void)[] = [];
  readonly #fill: () => void;
  #loops = 0;
  #ended = false;

  /** `fill` is called when a loop asks and nothing waits. */
  constructor(fill: () => void) {
    this.#fill = fill;
  }

  /** Whether a loop waits for an event. */
  get isAsked(): boolean {
    return this.#asking.length > 0;
  }

  /** Whether loops have all that they can hold. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING;
  }

  put(event: VoiceEvent): void {
    const next = this.#asking.shift();
    if (next !== undefined) next({ done: false, value: event });
    else if (this.#loops > 0) this.#waiting.push(event);
  }

  /** Nothing comes any more; what waits can still be taken. */
  end(): void {
    this.#ended = true;
    for (const last of this.#asking.splice(0)) last({ done: true, value: undefined });
  }

  /** A loop over the events from now on. */
  loop(): AsyncIterableIterator<VoiceEvent, undefined> {
    let left = false;
    this.#loops += 1;
    const leave = (): Promise<Step> => {
      if (!left) this.#loops -= 1;
      left = true;
      if (this.#loops === 0) this.#waiting.length = 0;
      return Promise.resolve({ done: true, value: undefined });
    };
    const loop: AsyncIterableIterator<VoiceEvent, undefined> = {
      next: () => (left ? leave() : this.#next()),
      return: leave,
      [Symbol.asyncIterator]: () => loop,
    };
    return loop;
  }

  #next(): Promise<Step> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const step = new Promise<Step>((resolve) => this.#asking.push(resolve));
    this.#fill();
    return step;
  }
}
