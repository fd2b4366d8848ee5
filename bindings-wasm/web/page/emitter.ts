// Listeners by the name of their event.

import type { VoiceEventName, VoiceEvents, VoiceListener } from '../types.js';

export class Emitter {
  readonly #listeners = new Map<VoiceEventName, Set<(event: never) => void>>();

  on<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  off<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /** Whether anybody listens. */
  has(name: VoiceEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Calls the listeners; what one of them throws is the page's to report, and keeps nothing from the others. */
  emit<Name extends VoiceEventName>(name: Name, event: VoiceEvents[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as VoiceListener<Name>)(event);
      } catch (thrown) {
        reportError(thrown);
      }
    }
  }
}
