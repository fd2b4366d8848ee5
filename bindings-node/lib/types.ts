// What a program sees of a conversation. The names are those of the browser package.

import type { NovaSonicError } from './errors.js';

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

/** Why a conversation is over: the core's word, or the code of the error that ended it. */
export type CloseReason =
  | 'hangup'
  | 'ended'
  | 'disconnected'
  | 'idle'
  | 'time_limit'
  | (string & Record<never, never>);

/** What ends: the stream, by its age, or the credentials that opened it. */
export type RenewalReason = 'stream_life' | 'credentials' | 'connection';

/** What the events of a {@link VoiceSession} carry, by their names. */
export interface VoiceEvents {
  /** The conversation changed its state. */
  stateChanged: { readonly from: VoiceState; readonly to: VoiceState };
  /**
   * Words of either side, told once each. Texts of one turn and stage continue each other; the final ones of a turn
   * together replace its partial ones together.
   */
  transcript: {
    readonly role: Role;
    readonly text: string;
    readonly stage: Stage;
    readonly turn: number;
  };
  /** Sound of the answer, 16-bit mono: as numbers, and as the bytes that files and sockets take, little-endian. */
  audio: {
    readonly samples: Int16Array;
    readonly pcm: Buffer;
    readonly rate: number;
    readonly turn: number;
  };
  /** The user interrupted: drop what you have not played yet. Once per interruption. */
  interrupted: { readonly turn: number; readonly heardMs: number; readonly text: string };
  /** The model wants a tool run that has no `execute`: answer once with `addToolResult`. */
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
  /** With `renewal: false`: the stream ends soon. Open another session with the `history` of this one. */
  renewalDue: { readonly reason: RenewalReason };
  /**
   * The stream ends soon, and the conversation looks for a moment to go on over another; or it broke (`connection`), and
   * another is opened.
   */
  renewing: { readonly reason: RenewalReason };
  /** It goes on over another. `gapMs` tells how long there was none: 0, unless the old one ended first. */
  renewed: { readonly reason: RenewalReason; readonly gapMs: number };
  /** Something went wrong and the conversation goes on. What ends it comes with `closed`. */
  error: { readonly error: NovaSonicError };
  /** An event of the service that this version does not know. */
  unknown: { readonly name: string; readonly body: unknown };
  /** The conversation is over; nothing follows. `error` tells what ended it, if it was no ordinary end. */
  closed: { readonly reason: CloseReason; readonly error?: NovaSonicError };
}

/** Name of an event. */
export type VoiceEventName = keyof VoiceEvents;

/** One event: its name is its `type`. */
export type VoiceEvent<Name extends VoiceEventName = VoiceEventName> = {
  [Each in Name]: { readonly type: Each } & VoiceEvents[Each];
}[Name];

/** The listeners' arguments, as `EventEmitter` is told them. `error` listeners get the error itself, as everywhere in Node. */
export type VoiceListenerMap = {
  [Name in Exclude<VoiceEventName, 'error'>]: [event: VoiceEvent<Name>];
} & { error: [error: NovaSonicError] };
