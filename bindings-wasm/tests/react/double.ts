// A session made by hand: it does what it is told and keeps what was done to it.

import type {
  AudioDevice,
  AudioDevices,
  ConnectionKind,
  LateOptions,
  Message,
  MicrophonePosition,
  PlaybackStatistics,
  Usage,
  VoiceEventName,
  VoiceEvents,
  VoiceListener,
  VoiceSessionLike,
  VoiceSessionOptions,
  VoiceState,
} from '../../web/types.js';
import { VoiceError } from '../../web/errors.js';

/** Stands for a real session, without worker, socket and microphone. */
export class SessionDouble implements VoiceSessionLike {
  state: VoiceState = 'idle';
  messages: readonly Message[] = [];
  readonly usage: Usage = { input: { speech: 0, text: 0 }, output: { speech: 0, text: 0 } };
  transport: ConnectionKind | undefined;
  microphone: MicrophonePosition;
  volume = 1;
  inputLevel = 0;
  outputLevel = 0;
  inputDevice: AudioDevice | undefined;
  outputDevice: AudioDevice | undefined;
  readonly playbackStatistics: PlaybackStatistics = { bufferedMs: 0, targetMs: 60, underruns: 0, gapMs: 0 };

  /** What was done to it, in order. */
  readonly done: string[] = [];
  readonly #listeners = new Map<string, Set<(event: never) => void>>();
  /** Whether closing takes until `hangUp` is called. */
  saysGoodbye = false;
  #goodbye: (() => void) | undefined;
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(readonly options: VoiceSessionOptions = {}) {
    this.microphone = options.microphone ?? 'open';
  }

  get muted(): boolean {
    return this.microphone === 'muted';
  }

  /** How many listen to it. */
  get listeners(): number {
    return [...this.#listeners.values()].reduce((count, { size }) => count + size, 0);
  }

  /** What it was started with. */
  rest: Promise<LateOptions> | undefined;

  start(rest?: Promise<LateOptions>): Promise<void> {
    this.rest = rest;
    this.done.push('start');
    this.enter('initializing');
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  /** The connection stands. */
  connect(): void {
    this.transport = 'direct';
    this.emit('transportChanged', { from: undefined, to: 'direct', reason: 'first' });
    this.enter('listening');
    this.#settle?.resolve();
  }

  /** The connection cannot be had. */
  fail(error: VoiceError): void {
    this.#end(error.code, error);
    this.#settle?.reject(error);
  }

  close(): Promise<void> {
    this.done.push('close');
    if (this.state === 'closed') return Promise.resolve();
    if (this.saysGoodbye) return new Promise((resolve) => (this.#goodbye = resolve));
    this.hangUp();
    return Promise.resolve();
  }

  /** What closing comes to. */
  hangUp(): void {
    this.#end('hangup');
    this.#settle?.reject(new VoiceError({ code: 'aborted', message: 'closed', retryable: false, blame: 'caller' }));
    this.#goodbye?.();
  }

  #end(reason: string, error?: VoiceError): void {
    this.transport = undefined;
    this.enter('closed');
    this.emit('closed', error ? { reason, error } : { reason });
  }

  enter(to: VoiceState): void {
    const from = this.state;
    this.state = to;
    this.emit('stateChanged', { from, to });
  }

  say(...said: Partial<Message>[]): void {
    this.messages = said.map((message, at) => entry({ id: String(at), ...message }));
    this.emit('messagesChanged', this.messages);
  }

  mute(): void {
    this.#microphone('muted');
  }

  unmute(): void {
    this.#microphone('open');
  }

  pushToTalk(pressed: boolean): void {
    this.done.push(`pushToTalk ${pressed}`);
    this.#microphone(pressed ? 'open' : 'closed');
  }

  #microphone(position: MicrophonePosition): void {
    this.microphone = position;
    this.emit('microphoneChanged', { position });
  }

  sendText(text: string): void {
    this.done.push(`sendText ${text}`);
  }

  sendAudio(): void {
    this.done.push('sendAudio');
  }

  interrupt(): void {
    this.done.push('interrupt');
  }

  setVolume(volume: number): void {
    this.volume = volume;
  }

  setInputDevice(id: string | undefined): Promise<void> {
    this.done.push(`setInputDevice ${id}`);
    return Promise.resolve();
  }

  setOutputDevice(id: string | undefined): Promise<void> {
    this.done.push(`setOutputDevice ${id}`);
    return Promise.resolve();
  }

  addToolResult(id: string, result: unknown): void {
    this.done.push(`addToolResult ${id} ${result instanceof Error ? result : JSON.stringify(result)}`);
  }

  reportPlayed(): void {}

  devices(): Promise<AudioDevices> {
    return Promise.resolve({ inputs: [], outputs: [] });
  }

  inputFrequencies(): Uint8Array<ArrayBuffer> {
    return new Uint8Array();
  }

  outputFrequencies(): Uint8Array<ArrayBuffer> {
    return new Uint8Array();
  }

  on<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  off<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  emit<Name extends VoiceEventName>(name: Name, event: VoiceEvents[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) (listener as VoiceListener<Name>)(event);
  }
}

/** A message of which only some is of interest. */
export function entry(message: Partial<Message>): Message {
  const { text = 'Once upon a time.' } = message;
  return {
    id: '0',
    role: 'assistant',
    text,
    stage: 'final',
    heard: text,
    interrupted: false,
    turn: 1,
    source: 'speech',
    at: 0,
    ...message,
  };
}

/** Every session that a provider made, oldest first, and the prop that has it make them. */
export function sessionsMade(): { readonly made: SessionDouble[]; readonly createSession: (options: VoiceSessionOptions) => SessionDouble } {
  const made: SessionDouble[] = [];
  return {
    made,
    createSession: (options) => {
      const session = new SessionDouble(options);
      made.push(session);
      return session;
    },
  };
}

/** What is still alive of them: open, or listened to. */
export function leftOver(made: readonly SessionDouble[]): readonly string[] {
  return made
    .filter((session) => session.state !== 'closed' || session.listeners > 0)
    .map((session) => `${session.state} with ${session.listeners} listeners`);
}
