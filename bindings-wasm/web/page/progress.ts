// What is known of the conversation so far, and who is told when it changes.

import type { SessionEvent } from '../channel.js';
import type { VoiceError } from '../errors.js';
import type { ConnectionKind } from '../options.js';
import type { Message, Usage, VoiceState } from '../types.js';
import type { Emitter } from './emitter.js';
import { MessageList } from './messages.js';
import { completed } from './worker-link.js';

const NO_USAGE: Usage = { input: { speech: 0, text: 0 }, output: { speech: 0, text: 0 } };

/** Texts that were typed and have not come back; more than a few do not wait. */
const TYPED_LIMIT = 20;

/** What an event asks of the session. */
export interface ProgressListener {
  /** The answer is about to be heard. */
  speaking(): void;
  toolCall(call: Extract<SessionEvent, { type: 'toolCall' }>): void;
  report(error: VoiceError): void;
  closed(reason: string, error: VoiceError | undefined): void;
}

export class Progress {
  readonly #emitter: Emitter;
  readonly #listener: ProgressListener;
  readonly #messages = new MessageList();
  #state: VoiceState = 'idle';
  #usage = NO_USAGE;
  #transport: ConnectionKind | undefined;
  #typed: string[] = [];

  constructor(emitter: Emitter, listener: ProgressListener) {
    this.#emitter = emitter;
    this.#listener = listener;
  }

  get state(): VoiceState {
    return this.#state;
  }

  get messages(): readonly Message[] {
    return this.#messages.messages;
  }

  get usage(): Usage {
    return this.#usage;
  }

  get transport(): ConnectionKind | undefined {
    return this.#transport;
  }

  /** The user has typed this; it comes back as a transcript. */
  typed(text: string): void {
    this.#typed = [...this.#typed.slice(1 - TYPED_LIMIT), text.trim()];
  }

  /** One event of the worker. */
  receive(event: SessionEvent): void {
    switch (event.type) {
      case 'stateChanged':
        // the session is closed when everything has been released
        if (event.to !== 'closed') this.change(event.to);
        break;
      case 'transcript': {
        const { role, text, stage, turn } = event;
        this.#emitter.emit('transcript', { role, text, stage, turn });
        this.#messages.transcript(event, role === 'user' && this.#wasTyped(text) ? 'text' : 'speech');
        this.#tellMessages();
        break;
      }
      case 'interrupted': {
        const { turn, heardMs, text } = event;
        this.#messages.interrupted(event);
        this.#emitter.emit('interrupted', { turn, heardMs, text });
        this.#tellMessages();
        break;
      }
      case 'toolCall':
        this.#listener.toolCall(event);
        break;
      case 'usage':
        this.#usage = event.total;
        this.#emitter.emit('usage', { delta: event.delta, total: event.total });
        break;
      case 'transportChanged': {
        const { from, to, reason, error } = event;
        this.#transport = to;
        const why = error === undefined ? {} : { error: completed(error) };
        this.#emitter.emit('transportChanged', { from, to, reason, ...why });
        break;
      }
      case 'renewing':
        this.#emitter.emit('renewing', { reason: event.reason });
        break;
      case 'renewed':
        this.#emitter.emit('renewed', { reason: event.reason, gapMs: event.gapMs });
        break;
      case 'unknown':
        this.#emitter.emit('unknown', { name: event.name, body: event.body });
        break;
      case 'error':
        this.#listener.report(completed(event.error));
        break;
      case 'closed':
        this.#listener.closed(event.reason, event.error === undefined ? undefined : completed(event.error));
        break;
    }
  }

  /** The state is another one. */
  change(to: VoiceState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    // of an answer that broke off, it is told later what was heard
    if (from === 'speaking' && to !== 'initializing') {
      this.#messages.answered();
      this.#tellMessages();
    }
    if (to === 'speaking') this.#listener.speaking();
    this.#emitter.emit('stateChanged', { from, to });
  }

  /** The conversation is over. */
  close(reason: string, error: VoiceError | undefined): void {
    this.#messages.closed();
    this.#transport = undefined;
    this.change('closed');
    this.#emitter.emit('closed', { reason, ...(error !== undefined && { error }) });
  }

  #tellMessages(): void {
    this.#emitter.emit('messagesChanged', this.messages);
  }

  #wasTyped(text: string): boolean {
    const at = this.#typed.indexOf(text.trim());
    if (at >= 0) this.#typed.splice(at, 1);
    return at >= 0;
  }
}
