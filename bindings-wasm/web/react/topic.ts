// One value that components watch, in the shape that useSyncExternalStore wants.

/** A value, and whoever wants to know when it is another one. */
export class Topic<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();
  readonly #watched: ((watched: boolean) => void) | undefined;

  /** `watched` is told when the first listener comes and when the last one goes. */
  constructor(value: Value, watched?: (watched: boolean) => void) {
    this.#value = value;
    this.#watched = watched;
  }

  readonly read = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watched?.(true);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#watched?.(false);
    };
  };

  set(value: Value): void {
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }
}
