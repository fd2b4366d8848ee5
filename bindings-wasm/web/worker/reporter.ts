// What the page is told, as of one conversation: one state, one count of turns, one count of tokens.

import type { Fault, SessionEvent } from '../channel.js';
import type { ConnectionKind } from '../options.js';
import type { RenewalReason, TokenCount, Usage, VoiceState } from '../types.js';
import type { EngineEvent } from './events.js';

/** Who wants to know. */
export interface Listeners {
  event(event: SessionEvent): void;
  /** Sound of the answer: a view, to be copied at once. */
  sound(samples: Int16Array, turn: number): void;
  /** One block of the microphone was taken. */
  heard(levelDb: number, speaking: boolean): void;
  /** A connection carries the conversation. */
  connected(): void;
}

const NONE: Usage = { input: { speech: 0, text: 0 }, output: { speech: 0, text: 0 } };

export class Reporter {
  readonly #listeners: Listeners;
  #state: VoiceState = 'idle';
  #kind: ConnectionKind | undefined;
  #usage = NONE;
  #lastTurn = 0;

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  /** Where the conversation stands, as the page was told. */
  get current(): VoiceState {
    return this.#state;
  }

  /** The latest turn that the page was told of. */
  get lastTurn(): number {
    return this.#lastTurn;
  }

  state(to: VoiceState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#listeners.event({ type: 'stateChanged', from, to });
  }

  /** An event that an application gets as it is, but for its turn. */
  pass(
    event: Extract<EngineEvent, { type: 'transcript' | 'interrupted' | 'toolCall' | 'unknown' | 'error' }>,
    turnBase: number,
  ): void {
    switch (event.type) {
      case 'transcript':
      case 'interrupted': {
        const turn = event.turn + turnBase;
        this.#lastTurn = Math.max(this.#lastTurn, turn);
        this.#listeners.event({ ...event, turn });
        break;
      }
      case 'error': {
        const { code, message, retryable, blame } = event;
        this.error({ code, message, retryable, blame });
        break;
      }
      default:
        this.#listeners.event(event);
    }
  }

  sound(samples: Int16Array, turn: number): void {
    this.#listeners.sound(samples, turn);
  }

  used(delta: Usage): void {
    this.#usage = { input: sum(this.#usage.input, delta.input), output: sum(this.#usage.output, delta.output) };
    this.#listeners.event({ type: 'usage', delta, total: this.#usage });
  }

  transport(to: ConnectionKind, reason: string, error?: Fault): void {
    const from = this.#kind;
    if (from === to) return;
    this.#kind = to;
    this.#listeners.event({
      type: 'transportChanged',
      from,
      to,
      reason,
      ...(error !== undefined && { error }),
    });
  }

  renewing(reason: RenewalReason): void {
    this.#listeners.event({ type: 'renewing', reason });
  }

  renewed(reason: RenewalReason, gapMs: number): void {
    this.#listeners.event({ type: 'renewed', reason, gapMs });
  }

  error(error: Fault): void {
    this.#listeners.event({ type: 'error', error });
  }

  closed(reason: string, error?: Fault): void {
    this.state('closed');
    this.#listeners.event({ type: 'closed', reason, ...(error !== undefined && { error }) });
  }
}

function sum(one: TokenCount, other: TokenCount): TokenCount {
  return { speech: one.speech + other.speech, text: one.text + other.text };
}
