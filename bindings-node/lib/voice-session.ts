// One spoken conversation, as a program has it.

import { EventEmitter } from 'node:events';

import { nextAnswer } from './answer.js';
import type { Answer, AnswerOptions } from './answer.js';
import { connectionFor, keysOf } from './connection.js';
import { NovaSonicError, outcome, sound, voiceError } from './errors.js';
import { NAMES, read } from './events.js';
import { Inbox } from './inbox.js';
import { Microphone, rejected, watched } from './microphone.js';
import { NativeSession } from './native.js';
import type { NativeFault } from './native.js';
import type { HistoryMessage, VoiceSessionOptions } from './options.js';
import { settingsOf } from './settings.js';
import { ToolRunner, resultText, sentence } from './tools/tools.js';
import type { MicrophonePosition, Usage, VoiceEvent, VoiceListenerMap, VoiceState } from './types.js';

/** As long as a timer can be, ms: a running session keeps the process alive, as a socket does. */
const FOR_EVER = 2 ** 31 - 1;

/**
 * One spoken conversation with Amazon Nova Sonic.
 *
 * ```ts
 * const session = new VoiceSession({ region: 'us-east-1', systemPrompt: 'You tell stories.' });
 * await session.start();
 * await session.sendAudio(question);
 * for await (const event of session) {
 *   if (event.type === 'audio') loudspeaker.write(event.pcm);
 * }
 * ```
 *
 * Events come to whoever asks: to listeners (`on`), or to a loop (`for await`), which gets them at its own pace. While
 * neither does, a bounded number waits, and then reading from the service stops. Tools run as their calls come by.
 */
export class VoiceSession extends EventEmitter<VoiceListenerMap> implements AsyncIterable<VoiceEvent, undefined> {
  readonly #options: VoiceSessionOptions;
  readonly #native: NativeSession;
  readonly #microphone: Microphone;
  readonly #tools: ToolRunner;
  readonly #inbox = new Inbox(() => this.#drain());
  /** Aborted when it is closed, or is over by itself. */
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;
  #tellOver = (): void => {};
  #phase: 'new' | 'opening' | 'open' | 'closed' = 'new';
  #state: VoiceState = 'idle';
  #position: MicrophonePosition;
  /** Events that the native part has handed over, and that nobody has been told of yet. */
  readonly #taken: VoiceEvent[] = [];
  #isDraining = false;
  #alive: NodeJS.Timeout | undefined;
  #keepsAlive = true;

  /** Checks the options, and sends nothing. */
  constructor(options: VoiceSessionOptions = {}) {
    super();
    this.#options = options;
    this.#position = options.microphone ?? 'open';
    this.#over = new Promise((resolve) => (this.#tellOver = resolve));
    const [ring, ask] = VoiceSession.#bellsOf(this);
    this.#native = outcome(NativeSession.prepare(connectionFor(options), settingsOf(options), ring, ask));
    this.#microphone = new Microphone(this.#native, options.inputRate ?? 16_000);
    const { tools = {} } = options;
    this.#tools = new ToolRunner(() => tools, {
      result: (id, json) => this.#answered(id, this.#native.sendToolResult(id, json)),
      failed: (id, message) => this.#answered(id, this.#native.failTool(id, message)),
      unanswered: ({ id, name, input }) => this.#taken.push({ type: 'toolCall', id, name, input }),
      answered: (event) => this.#deliver({ type: 'toolAnswered', ...event }),
    });
    // after the listener is there
    (this as EventEmitter).on('newListener', () => queueMicrotask(() => this.#drain()));
  }

  /** Where the conversation stands, by the events that were taken. */
  get state(): VoiceState {
    return this.#state;
  }

  /** Where the microphone stands. */
  get microphone(): MicrophonePosition {
    return this.#position;
  }

  /** Tokens used so far. */
  get usage(): Usage {
    return JSON.parse(this.#native.usage()) as Usage;
  }

  /** What was said and heard so far, for the `history` of another session. */
  get history(): HistoryMessage[] {
    return JSON.parse(this.#native.history()) as HistoryMessage[];
  }

  /** Connects; settles when the service has accepted the conversation. */
  async start(): Promise<void> {
    const { signal, credentials } = this.#options;
    if (this.#phase !== 'new') throw voiceError(this.#phase === 'closed' ? 'session_closed' : 'session_started');
    signal?.throwIfAborted();
    this.#phase = 'opening';
    this.#hold();
    const abort = (): void => void this.close();
    signal?.addEventListener('abort', abort);
    void this.#over.then(() => signal?.removeEventListener('abort', abort));
    try {
      const keys = await Promise.race([keysOf(credentials), closed(this.#closing.signal)]);
      if (keys !== undefined) this.#native.giveKeys(keys);
      sound(await this.#native.open());
    } catch (thrown) {
      this.#end();
      throw signal?.aborted === true ? signal.reason : thrown;
    }
    this.#phase = 'open';
    if (this.#position !== (this.#options.microphone ?? 'open')) this.#native.setMicrophone(this.#position);
    this.#drain();
  }

  /**
   * Sends sound of the microphone, 16-bit mono at `inputRate`: numbers, or bytes with the lower one first. Settles at
   * once while there is room, and waits while two seconds of sound wait for the network. After the end it is ignored.
   */
  sendAudio(sound: Int16Array | Uint8Array | ArrayBuffer): Promise<void> {
    if (this.#phase === 'new' || this.#phase === 'opening') return rejected(voiceError('session_unstarted'));
    return this.#microphone.send(sound);
  }

  /** Sends something that was typed; it is answered like speech. */
  sendText(text: string): void {
    this.#check();
    sound(this.#native.sendText(text));
  }

  /**
   * Takes the events up to the end of the model's answer, and gives its words and its sound.
   *
   * ```ts
   * session.sendText('Who was Ada Lovelace?');
   * const answer = await session.answer();
   * console.log(answer.text);
   * await answer.save('answer.wav');
   * ```
   *
   * Listeners get these events as well, and a loop goes on after them. While nobody takes events they wait, so you may
   * speak first; where there are listeners or a loop, call this before you speak. Called again before the end, it
   * gives the answer after this one. Rejects with what broke the conversation, or with `session_closed`.
   */
  answer(options: AnswerOptions = {}): Promise<Answer> {
    if (this.#phase === 'new' || this.#phase === 'opening') return rejected(voiceError('session_unstarted'));
    return watched(nextAnswer(this.#inbox, options, this.#options.signal));
  }

  /** Silences the answer now, as if the user had interrupted. */
  interrupt(): void {
    this.#native.interrupt();
  }

  /** Sends silence instead of the microphone's sound. */
  mute(): void {
    if (this.#position === 'open') this.#place('muted');
  }

  /** Ends {@link mute}. */
  unmute(): void {
    if (this.#position === 'muted') this.#place('open');
  }

  /** Push-to-talk: `true` opens the microphone, `false` closes it and so ends the user's turn. */
  pushToTalk(pressed: boolean): void {
    this.#place(pressed ? 'open' : 'closed');
  }

  /** Answers a `toolCall` event: any JSON value, or an `Error` that the model is told of. */
  addToolResult(id: string, result: unknown): void {
    this.#check();
    if (result instanceof Error) sound(this.#native.failTool(id, sentence(result)));
    else sound(this.#native.sendToolResult(id, resultText(result)));
  }

  /** With `playback: 'reported'`: of this turn, so many samples (of the `audio` events) have been heard. */
  reportPlayed(turn: number, samples: number): void {
    this.#native.reportPlayed(turn, samples);
  }

  /** Hangs up in order and settles when the conversation is over. May be called at any time, more than once. */
  close(): Promise<void> {
    if (this.#phase === 'new') this.#end();
    this.#closing.abort();
    this.#native.hangUp();
    this.#drain();
    return this.#over;
  }

  /** Lets the process end although the conversation goes on. */
  unref(): this {
    this.#keepsAlive = false;
    this.#alive?.unref();
    return this;
  }

  /** Ends {@link unref}. */
  ref(): this {
    this.#keepsAlive = true;
    this.#alive?.ref();
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The events from now on, to the last one. Leaving the loop leaves the conversation as it is. */
  [Symbol.asyncIterator](): AsyncIterableIterator<VoiceEvent, undefined> {
    return this.#inbox.loop();
  }

  /**
   * The native part holds its bells for as long as it lives: they must not hold the session, which holds the native
   * part. Made here because a function made in the constructor would hold all that the constructor's others do.
   */
  static #bellsOf(session: VoiceSession): [ring: () => void, ask: () => void] {
    const weak = new WeakRef(session);
    const woken = (act: (session: VoiceSession) => void) => () => {
      const known = weak.deref();
      if (known !== undefined) act(known);
    };
    return [woken((session) => session.#drain()), woken((session) => void session.#giveKeys())];
  }

  /** Credentials for the next stream, asked for anew. What fails here is told as an `error`, by the native part. */
  async #giveKeys(): Promise<void> {
    try {
      this.#native.giveKeys(await keysOf(this.#options.credentials));
    } catch {
      this.#native.giveKeys();
    }
  }

  /** Takes what there is, as long as somebody wants it. */
  #drain(): void {
    // a listener may do what leads here again
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      while (this.#phase === 'open' && this.#isWanted()) {
        const event = this.#taken.shift();
        if (event !== undefined) this.#happened(event);
        else if (!this.#take()) break;
      }
    } finally {
      this.#isDraining = false;
    }
  }

  /**
   * Takes what the native part has; whether it had anything. Tools run from then on, however slowly the events before
   * their calls are asked for.
   */
  #take(): boolean {
    const all = this.#native.take();
    for (const event of all.map(read)) {
      if (event.type === 'toolCall') this.#tools.call(event);
      else this.#taken.push(event);
    }
    return all.length > 0;
  }

  #isWanted(): boolean {
    if (this.#closing.signal.aborted || this.#inbox.isAsked) return true;
    return !this.#inbox.isFull && NAMES.some((name) => this.listenerCount(name) > 0);
  }

  #happened(event: VoiceEvent): void {
    if (event.type === 'stateChanged') this.#state = event.to;
    if (event.type === 'closed') this.#end();
    this.#deliver(event);
    if (event.type === 'closed') this.#inbox.end();
  }

  #deliver(event: VoiceEvent): void {
    this.#inbox.put(event);
    try {
      // the conversation goes on after an error: it must not end a process that listens for none
      if (event.type !== 'error') this.emit(event.type, event as never);
      else if (this.listenerCount('error') > 0) this.emit('error', event.error);
    } catch (thrown) {
      // a listener's own fault goes where Node's go, and takes no other event along
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  /** What became of a registered tool's answer: what cannot be sent is told to both sides. */
  #answered(id: string, fault: NativeFault | null): void {
    if (fault === null || fault.code === 'session_closed' || fault.code === 'tool_call_unknown') return;
    this.#native.failTool(id, fault.message);
    this.#deliver({ type: 'error', error: new NovaSonicError(fault) });
  }

  #place(position: MicrophonePosition): void {
    this.#position = position;
    this.#native.setMicrophone(position);
  }

  #check(): void {
    if (this.#phase === 'closed') throw voiceError('session_closed');
    if (this.#phase !== 'open') throw voiceError('session_unstarted');
  }

  #hold(): void {
    // a session that runs is not forgotten, whoever else holds it
    this.#alive = setInterval(() => this.#drain(), FOR_EVER);
    if (!this.#keepsAlive) this.#alive.unref();
  }

  #end(): void {
    const wasOpen = this.#phase === 'open';
    this.#phase = 'closed';
    this.#state = 'closed';
    clearInterval(this.#alive);
    this.#closing.abort();
    this.#tools.close();
    this.#tellOver();
    // an open one still has its last event to tell
    if (!wasOpen) this.#inbox.end();
  }
}

/** Rejects when a session is closed before it began. */
function closed(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(voiceError('session_closed'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
