// Events between the native part, which has a bounded number of them, and those who take them one at a time: loops, and
// whoever waits for a whole answer.

import type { VoiceEvent } from './types.js';

/** Events that wait for a slow loop while listeners go on; then listeners wait, too. */
const MOST_WAITING = 256;

type Step = IteratorResult<VoiceEvent, undefined>;

/** Takes events before loops do; whether it has all that it wanted. Nothing: none comes any more. */
export type Taker = (event: VoiceEvent | undefined) => boolean;

export class Inbox {
  readonly #waiting: VoiceEvent[] = [];
  readonly #asking: ((step: Step) => void)[] = [];
  /** The first of them gets what comes, and then the next one. */
  #takers: Taker[] = [];
  readonly #fill: () => void;
  #loops = 0;
  #ended = false;

  /** `fill` is called when somebody asks and nothing waits. */
  constructor(fill: () => void) {
    this.#fill = fill;
  }

  /** Whether somebody waits for an event. */
  get isAsked(): boolean {
    return this.#asking.length > 0 || this.#takers.length > 0;
  }

  /** Whether loops have all that they can hold. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING;
  }

  put(event: VoiceEvent): void {
    const taker = this.#takers[0];
    if (event.type === 'closed') {
      // for everybody: nothing comes after it
      for (const each of this.#takers.splice(0)) each(event);
    } else if (taker !== undefined) {
      if (taker(event)) this.withdraw(taker);
      return;
    }
    const next = this.#asking.shift();
    if (next !== undefined) next({ done: false, value: event });
    else if (this.#loops > 0) this.#waiting.push(event);
  }

  /** Nothing comes any more; what waits can still be taken. */
  end(): void {
    this.#ended = true;
    for (const each of this.#takers.splice(0)) each(undefined);
    for (const last of this.#asking.splice(0)) last({ done: true, value: undefined });
  }

  /** What comes goes to `taker`, until it has enough, and to no loop: first what a loop has not come to yet. */
  takeFirst(taker: Taker): void {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      if (event.type !== 'closed') this.#waiting.shift();
      if (taker(event)) return;
    }
    if (this.#ended) {
      taker(undefined);
      return;
    }
    this.#takers.push(taker);
    this.#fill();
  }

  /** It wants no more. */
  withdraw(taker: Taker): void {
    this.#takers = this.#takers.filter((each) => each !== taker);
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
