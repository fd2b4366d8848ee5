// What a page sees of a conversation: states, events, messages, numbers. The options are in `options.ts`, the errors in
// `errors.ts`; all of it is exported from the package's root.

import type { VoiceError } from './errors.js';
import type { ConnectionKind, LateOptions } from './options.js';

export type * from './options.js';
export type { ErrorBlame, ErrorCode, VoiceErrorDetails } from './errors.js';

/**
 * Where the conversation stands.
 *
 * - `idle`: not started yet; or the microphone is closed (push-to-talk, released) and nobody answers
 * - `initializing`: started, not connected yet
 * - `listening`: the microphone is open and nobody answers
 * - `thinking`: the user has finished, or a tool is running
 * - `speaking`: the answer is being heard
 * - `closed`: over; a session does not start again
 */
export type VoiceState = 'initializing' | 'listening' | 'thinking' | 'speaking' | 'idle' | 'closed';

/** Who said something. */
export type Role = 'user' | 'assistant';

/** `partial`: planned, or being heard; `final`: spoken, or recognised. */
export type Stage = 'partial' | 'final';

/** Where the microphone stands: `muted` sends silence, `closed` ends the user's turn (push-to-talk, released). */
export type MicrophonePosition = 'open' | 'muted' | 'closed';

/** One entry of a conversation as a page shows it. Never changed in place: a new text is a new object under the same `id`. */
export interface Message {
  /** Stays the same while the message grows; fit for a key of a list. */
  readonly id: string;
  /** Whose words. */
  readonly role: Role;
  /** The words: planned ones while the answer is being heard, the spoken ones afterwards. */
  readonly text: string;
  /** Whether `text` may still change. */
  readonly stage: Stage;
  /** The part of `text` that was heard: all of it, unless it was cut off. For the user's own words, all of them. */
  readonly heard: string;
  /** Whether this answer was cut off: by the user, or by a connection that broke. */
  readonly interrupted: boolean;
  /** The turn that it belongs to. Numbers rise through the whole conversation, also across a renewed connection. */
  readonly turn: number;
  /** Whether it was spoken or typed. */
  readonly source: 'speech' | 'text';
  /** When it began, ms since the epoch on this machine. */
  readonly at: number;
}

/** Tokens of one direction. */
export interface TokenCount {
  readonly speech: number;
  readonly text: number;
}

/** Tokens used. */
export interface Usage {
  readonly input: TokenCount;
  readonly output: TokenCount;
}

/** A microphone or a loudspeaker. Browsers leave `label` empty until the microphone was allowed once. */
export interface AudioDevice {
  readonly id: string;
  readonly label: string;
  /** Devices of one headset share it. */
  readonly groupId: string;
}

/** What is plugged in. */
export interface AudioDevices {
  readonly inputs: readonly AudioDevice[];
  /** Empty where the browser does not let a page choose: iOS, and Firefox without a permission of its own. */
  readonly outputs: readonly AudioDevice[];
}

/** Why a conversation is over: the core's word, or the code of the error that ended it. */
export type CloseReason =
  | 'hangup'
  | 'ended'
  | 'disconnected'
  | 'idle'
  | 'time_limit'
  | (string & Record<never, never>);

/**
 * Why another connection carries the conversation now: `first` for the first one, `returned` for a return to the direct
 * path, else the code of the error that made the change necessary.
 */
export type TransportReason = 'first' | 'returned' | (string & Record<never, never>);

/**
 * Why a connection is being replaced: Bedrock ends a stream after eight minutes, credentials end, and connections break.
 */
export type RenewalReason = 'stream_life' | 'credentials' | 'connection' | 'returned';

/** What the loudspeaker's queue has been through; for a diagnosis, not for a meter. */
export interface PlaybackStatistics {
  /** Sound that was waiting to be played when last reported, ms. */
  readonly bufferedMs: number;
  /** What the queue now waits for before it starts to play, ms. Begins at the option's value and grows on under-runs. */
  readonly targetMs: number;
  /** How often an answer was cut because its next sound came late. */
  readonly underruns: number;
  /** Silence inside answers because of that, in all, ms. */
  readonly gapMs: number;
}

/** The events of a {@link VoiceSession}, by name. */
export interface VoiceEvents {
  /** The conversation changed its state. */
  stateChanged: { readonly from: VoiceState; readonly to: VoiceState };
  /**
   * Words of either side, told once each. Texts of one turn and stage continue each other; the final ones of a turn
   * together replace its partial ones together. {@link Message} has them put together.
   */
  transcript: {
    readonly role: Role;
    readonly text: string;
    readonly stage: Stage;
    readonly turn: number;
  };
  /** The list of messages changed. */
  messagesChanged: readonly Message[];
  /**
   * Sound of the answer, 16-bit mono. Copied to the page's thread only while somebody listens to this event; playback
   * does not need it.
   */
  audio: { readonly samples: Int16Array; readonly rate: number; readonly turn: number };
  /** The user interrupted; what was not yet played has been dropped. Once per interruption. */
  interrupted: { readonly turn: number; readonly heardMs: number; readonly text: string };
  /** The model wants a tool run that is not among the session's tools: answer once with `addToolResult`. */
  toolCall: { readonly id: string; readonly name: string; readonly input: unknown };
  /** A registered tool was answered. `error` tells what the model was told, where it failed. */
  toolAnswered: {
    readonly id: string;
    readonly name: string;
    readonly ms: number;
    readonly error?: string;
  };
  /** Tokens used. */
  usage: { readonly delta: Usage; readonly total: Usage };
  /** Another transport carries the conversation from now on. `error` is why the former one does not. */
  transportChanged: {
    readonly from: ConnectionKind | undefined;
    readonly to: ConnectionKind;
    readonly reason: TransportReason;
    readonly error?: VoiceError;
  };
  /** A successor of the connection is being opened; the conversation goes on. */
  renewing: { readonly reason: RenewalReason };
  /** The successor carries the conversation. `gapMs` is how long no connection listened; 0 when none was lost. */
  renewed: { readonly reason: RenewalReason; readonly gapMs: number };
  /** The microphone was opened, muted or closed. */
  microphoneChanged: { readonly position: MicrophonePosition };
  /** Something was plugged in or out. */
  devicesChanged: AudioDevices;
  /**
   * The microphone or the loudspeaker in use is another one: asked for, or because the former one is gone
   * (`lost: true`).
   */
  deviceChanged: {
    readonly direction: 'input' | 'output';
    readonly device: AudioDevice | undefined;
    readonly lost: boolean;
  };
  /** Something went wrong and the conversation goes on. What ends it comes with `closed`. */
  error: VoiceError;
  /** An event of the service that this version does not know. */
  unknown: { readonly name: string; readonly body: unknown };
  /** The conversation is over; nothing follows. `error` tells what ended it, if it was no ordinary end. */
  closed: { readonly reason: CloseReason; readonly error?: VoiceError };
}

/** Name of an event. */
export type VoiceEventName = keyof VoiceEvents;

/** What is called when an event happens. */
export type VoiceListener<Name extends VoiceEventName> = (event: VoiceEvents[Name]) => void;

/** What a page needs of a session; {@link VoiceSession} is it, and a test double can be. */
export interface VoiceSessionLike {
  /** Where the conversation stands. */
  readonly state: VoiceState;
  /** What was said, oldest first. The same array until it changes. */
  readonly messages: readonly Message[];
  /** Tokens used so far. */
  readonly usage: Usage;
  /** What carries the conversation; `undefined` while nothing does. */
  readonly transport: ConnectionKind | undefined;
  /** Where the microphone stands. */
  readonly microphone: MicrophonePosition;
  /** Whether the user is muted. */
  readonly muted: boolean;
  /** Loudness of the answer, 0 to 1 (full), as set. */
  readonly volume: number;
  /** How loud the microphone is now, 0 (silence) to 1; what a meter shows. */
  readonly inputLevel: number;
  /** How loud the answer is now, 0 to 1. */
  readonly outputLevel: number;
  /** The microphone in use. */
  readonly inputDevice: AudioDevice | undefined;
  /** The loudspeaker in use; `undefined` for the system's own choice. */
  readonly outputDevice: AudioDevice | undefined;
  /** What the loudspeaker's queue has been through. */
  readonly playbackStatistics: PlaybackStatistics;

  /**
   * Asks for the microphone, fetches credentials, connects. Call it in a click's or a key's handler: iOS lets a page
   * make sound only from there. Settles when the conversation has begun.
   *
   * `rest`: options that the application's server has to tell first. They go over those that the session was made with;
   * microphone, loudspeaker and worker open while they are waited for.
   */
  start(rest?: Promise<LateOptions>): Promise<void>;
  /** Hangs up and releases microphone, loudspeaker, worker and connection. May be called at any time, more than once. */
  close(): Promise<void>;
  /** Sends silence instead of the microphone's sound. */
  mute(): void;
  /** Ends {@link mute}. */
  unmute(): void;
  /** Push-to-talk: `true` opens the microphone, `false` closes it and so ends the user's turn. */
  pushToTalk(pressed: boolean): void;
  /** Sends something the user typed; it is answered like speech. */
  sendText(text: string): void;
  /**
   * Sends sound, 16-bit PCM or floats of -1 to 1, mono, at `rate` Hz (16,000 unless told). For pages with
   * `capture: false`; the buffer is taken over when it is not shared with other views.
   */
  sendAudio(samples: Int16Array | Float32Array | ArrayBuffer, rate?: number): void;
  /** Silences the answer now, as if the user had interrupted. */
  interrupt(): void;
  /** Sets how loud the answer is, 0 to 1. */
  setVolume(volume: number): void;
  /** Uses another microphone, while talking or before; `undefined` is the system's choice. */
  setInputDevice(id: string | undefined): Promise<void>;
  /** Uses another loudspeaker; `undefined` is the system's choice. */
  setOutputDevice(id: string | undefined): Promise<void>;
  /** Answers a `toolCall` event: any JSON value, or an `Error` that the model is told of. */
  addToolResult(id: string, result: unknown): void;
  /** For pages with `playback: 'reported'`: of this turn, so many samples (of the `audio` event) have been heard. */
  reportPlayed(turn: number, samples: number): void;
  /** What is plugged in now. */
  devices(): Promise<AudioDevices>;
  /** The microphone's spectrum, 0 to 255 per bin, into `bins` if given (up to 512, low frequencies first). */
  inputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** The answer's spectrum, likewise. */
  outputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** Calls `listener` at each such event; the function returned ends that. */
  on<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): () => void;
  /** Ends what {@link on} began. */
  off<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): void;
}
