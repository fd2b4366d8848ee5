// What a provider keeps between renders: at most one session, and what components watch of it.

import { VoiceError, VoiceSession } from '../index.js';
import type {
  ConnectionKind,
  LateOptions,
  Message,
  MicrophonePosition,
  VoiceEventName,
  VoiceListener,
  VoiceSessionLike,
  VoiceSessionOptions,
  VoiceState,
} from '../types.js';
import { Levels } from './levels.js';
import { ComponentTools } from './tools.js';
import { Topic } from './topic.js';

/** Where a conversation stands, for a user interface. */
export interface VoiceStatus {
  /** `idle` until a conversation is started, `closed` after it. */
  readonly state: VoiceState;
  /** What carries the conversation; `undefined` while nothing does. */
  readonly transport: ConnectionKind | undefined;
  /** Where the microphone stands, or will stand when a conversation starts. */
  readonly microphone: MicrophonePosition;
  /** What ended the last conversation, or kept it from starting; `undefined` after an ordinary end. */
  readonly error: VoiceError | undefined;
}

/** How a provider comes by a session. */
export type CreateSession = (options: VoiceSessionOptions) => VoiceSessionLike;

/** What the user chose, for this conversation and for later ones; `undefined` is the system's choice. */
export interface Choices {
  readonly volume?: number;
  readonly inputDevice?: string | undefined;
  readonly outputDevice?: string | undefined;
}

const UNSTARTED: VoiceStatus = { state: 'idle', transport: undefined, microphone: 'open', error: undefined };
const NOTHING_SAID: readonly Message[] = [];

/** The conversations of one provider, one after the other. */
export class VoiceStore {
  readonly status: Topic<VoiceStatus>;
  readonly messages: Topic<readonly Message[]>;
  readonly levels: Levels;
  readonly tools = new ComponentTools();

  #options: VoiceSessionOptions = {};
  #create: CreateSession = createVoiceSession;
  #session: VoiceSessionLike | undefined;
  /** Whether the session is the page's own, which we neither make nor close. */
  #given: boolean;
  #starting: Promise<void> | undefined;
  /** The session that was told to close. It may still be saying goodbye; for the user it is over. */
  #ending: VoiceSessionLike | undefined;
  #gone = false;
  #choices: Choices = {};
  #mutedAtStart = false;
  #unwatch: (() => void)[] = [];
  readonly #followers = new Set<(session: VoiceSessionLike | undefined) => void>();

  constructor(given: VoiceSessionLike | undefined) {
    this.#session = given;
    this.#given = given !== undefined;
    this.status = new Topic(given ? statusOf(given, undefined) : UNSTARTED);
    this.messages = new Topic(given ? given.messages : NOTHING_SAID);
    this.levels = new Levels(() => this.#session);
  }

  /** The session of this conversation, or of the last one. */
  get session(): VoiceSessionLike | undefined {
    return this.#session;
  }

  /** What conversations that start from now on are like. */
  configure(options: VoiceSessionOptions, create: CreateSession = createVoiceSession): void {
    this.#options = options;
    this.#create = create;
    if (!this.#session) this.#publish({ ...this.status.read(), microphone: this.#microphoneAtStart() });
  }

  /** The provider is on the page, with the session that it was given, if any. The function returned takes it off. */
  mount(given: VoiceSessionLike | undefined): () => void {
    this.#gone = false;
    this.#given = given !== undefined;
    if (given) this.#watch(given);
    return () => this.#release();
  }

  /**
   * `own` goes over the provider's options, for this conversation, and `rest` over both. No second conversation begins
   * beside a first.
   */
  start(own?: VoiceSessionOptions, rest?: Promise<LateOptions>): Promise<void> {
    if (this.#gone) return Promise.reject(gone());
    if (this.#given && this.#session) return this.#session.start(rest);
    if (this.#starting && this.#going()) return this.#starting;

    let session: VoiceSessionLike;
    try {
      session = this.#create({ ...this.#optionsAtStart(), ...own });
    } catch (thrown) {
      this.#publish({ ...this.status.read(), state: 'closed', error: errorOf(thrown) });
      return Promise.reject(thrown);
    }
    this.#mutedAtStart = false;
    this.#watch(session);
    this.#starting = session.start(rest);
    // the status tells it as well, so that a handler of a click need not catch it
    this.#starting.catch((thrown: unknown) => this.#failed(session, thrown));
    return this.#starting;
  }

  close(): Promise<void> {
    const session = this.#session;
    if (!session) return Promise.resolve();
    const closed = session.close();
    if (!this.#given) {
      this.#ending = session;
      this.#refresh(session);
    }
    return closed;
  }

  /** The session that is going on, for what makes no sense without one. */
  live(): VoiceSessionLike {
    const session = this.#going();
    if (session) return session;
    throw new VoiceError({
      code: 'session_closed',
      message: 'no conversation is going on',
      retryable: false,
      blame: 'caller',
      advice: 'call start() first, and wait for it',
    });
  }

  /** Mutes the session that is going on, or else the next one from its start. */
  setMuted(muted: boolean): void {
    const session = this.#going();
    if (session) {
      if (muted) session.mute();
      else session.unmute();
      return;
    }
    this.#mutedAtStart = muted;
    this.#publish({ ...this.status.read(), microphone: this.#microphoneAtStart() });
  }

  /** Does it to the session that is going on, and keeps it for later ones. */
  choose<Answer>(choices: Choices, now: (session: VoiceSessionLike) => Answer): Answer | undefined {
    this.#choices = { ...this.#choices, ...choices };
    const session = this.#going();
    return session && now(session);
  }

  /** Listens to an event of this session and of those that follow it. */
  on<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): () => void {
    let end: (() => void) | undefined;
    const follow = (session: VoiceSessionLike | undefined): void => {
      end?.();
      end = session?.on(name, listener);
    };
    this.#followers.add(follow);
    if (this.#unwatch.length > 0) follow(this.#session);
    return () => {
      this.#followers.delete(follow);
      follow(undefined);
    };
  }

  #going(): VoiceSessionLike | undefined {
    const session = this.#session;
    return session?.state === 'closed' || session === this.#ending ? undefined : session;
  }

  #microphoneAtStart(): MicrophonePosition {
    const position = this.#options.microphone ?? 'open';
    return this.#mutedAtStart && position === 'open' ? 'muted' : position;
  }

  #optionsAtStart(): VoiceSessionOptions {
    const options = {
      ...this.#options,
      ...this.#choices,
      microphone: this.#microphoneAtStart(),
      tools: this.tools.over(this.#options.tools),
    };
    // a device that is `undefined` is left to the system
    return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  }

  #watch(session: VoiceSessionLike): void {
    this.#unwatchAll();
    this.#session = session;
    const refresh = (): void => this.#refresh(session);
    this.#unwatch = [
      session.on('stateChanged', refresh),
      session.on('transportChanged', refresh),
      session.on('microphoneChanged', refresh),
      session.on('messagesChanged', (messages) => this.messages.set(messages)),
      session.on('closed', ({ error }) => this.#refresh(session, error)),
    ];
    if (this.#given) this.#unwatch.push(this.tools.answer(session));
    for (const follow of this.#followers) follow(session);
    this.messages.set(session.messages);
    this.#refresh(session);
  }

  #unwatchAll(): void {
    for (const end of this.#unwatch) end();
    this.#unwatch = [];
    for (const follow of this.#followers) follow(undefined);
  }

  #refresh(session: VoiceSessionLike, error?: VoiceError): void {
    if (session !== this.#session) return;
    if (this.#going()) this.#publish(statusOf(session, undefined));
    else this.#publish({ ...over(session), error: error ?? this.status.read().error });
    this.levels.wake();
  }

  #failed(session: VoiceSessionLike, thrown: unknown): void {
    if (session !== this.#session) return;
    this.#starting = undefined;
    this.#publish({ ...over(session), error: this.status.read().error ?? errorOf(thrown) });
    closeQuietly(session);
  }

  #release(): void {
    const session = this.#session;
    this.#gone = true;
    this.#unwatchAll();
    this.#session = undefined;
    this.#starting = undefined;
    this.#ending = undefined;
    this.levels.wake();
    if (!session || this.#given) return;
    this.#publish(over(session));
    closeQuietly(session);
  }

  #publish(now: VoiceStatus): void {
    if (!isSame(this.status.read(), now)) this.status.set(now);
  }
}

function createVoiceSession(options: VoiceSessionOptions): VoiceSessionLike {
  return new VoiceSession(options);
}

function statusOf(session: VoiceSessionLike, error: VoiceError | undefined): VoiceStatus {
  const { state, transport, microphone } = session;
  return { state, transport, microphone, error };
}

function over({ microphone }: VoiceSessionLike): VoiceStatus {
  return { state: 'closed', transport: undefined, microphone, error: undefined };
}

function isSame(one: VoiceStatus, other: VoiceStatus): boolean {
  return (
    one.state === other.state &&
    one.transport === other.transport &&
    one.microphone === other.microphone &&
    one.error === other.error
  );
}

/** What there is to tell; that somebody hung up before the conversation stood is nothing. */
function errorOf(thrown: unknown): VoiceError | undefined {
  return thrown instanceof VoiceError && thrown.code !== 'aborted' ? thrown : undefined;
}

/** Closes a session of which nobody is left to be told that closing failed. */
function closeQuietly(session: VoiceSessionLike): void {
  session.close().catch(() => {});
}

function gone(): VoiceError {
  return new VoiceError({
    code: 'aborted',
    message: 'the part of the page that would talk is gone',
    retryable: false,
    blame: 'caller',
    advice: 'call start() while the VoiceSessionProvider is on the page',
  });
}
