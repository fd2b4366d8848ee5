// Reversible interruption: while the model speaks and the microphone is loud, the answer is held, until the service calls
// it an interruption or the time is up. A cough then costs a second of silence, not the answer.

import type { HoldRule } from '../channel.js';
import type { Player } from './player.js';

export class Hold {
  readonly #rule: HoldRule;
  readonly #player: Player;
  #loudSince: number | undefined;
  #heldUntil: number | undefined;
  /** No new hold before: what was held for nothing is not held again at once. */
  #restUntil = 0;

  constructor(rule: HoldRule, player: Player) {
    this.#rule = rule;
    this.#player = player;
  }

  /** One block of the microphone, about 32 ms. */
  heard(levelDb: number, now: number, speaking: boolean): void {
    if (this.#heldUntil !== undefined) {
      if (now < this.#heldUntil) return;
      this.#release();
      this.#restUntil = now + this.#rule.holdMs;
      return;
    }
    if (!speaking || levelDb < this.#rule.thresholdDb || now < this.#restUntil) {
      this.#loudSince = undefined;
      return;
    }
    this.#loudSince ??= now;
    if (now - this.#loudSince < this.#rule.attackMs) return;
    this.#player.hold();
    this.#heldUntil = now + this.#rule.holdMs;
  }

  /** The service has decided, or there is nothing to hold any more. */
  decided(): void {
    if (this.#heldUntil !== undefined) this.#release();
  }

  #release(): void {
    this.#heldUntil = undefined;
    this.#loudSince = undefined;
    this.#player.resume();
  }
}
