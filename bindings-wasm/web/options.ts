// What a page may say about a conversation before it starts.

import type { MicrophonePosition, Role } from './types.js';

/** What can carry a conversation: straight to Bedrock, or through the application's own server. */
export type ConnectionKind = 'direct' | 'relay';

/** Options of a {@link VoiceSession}. Only `credentials` or `relay` is needed. */
export interface VoiceSessionOptions {
  /**
   * Where credentials for the direct path come from: an address of the application's own server that is asked from
   * inside the worker, so that no secret reaches the page; or a function that returns them.
   */
  readonly credentials?: CredentialsSource;
  /** The application's own relay, a WebSocket that speaks `nova-sonic.relay.v1`. */
  readonly relay?: RelaySource;
  /**
   * `auto`: direct, and through the relay when that fails. `direct` and `relay`: that one or nothing. Default: `auto` if
   * both are given, else what is given.
   */
  readonly transport?: 'auto' | ConnectionKind;

  /** Who the model is and how it is to talk. Default: a short friendly assistant. */
  readonly systemPrompt?: string;
  /** How the user's speech is to be written down (languages mixed, names). */
  readonly speechPrompt?: string;
  /** The voice, for example `tiffany`, `matthew`, `amy`. Default: `tiffany`. */
  readonly voice?: string;
  /** The model. Default: the one that the credentials are for. */
  readonly model?: string;
  /** Earlier messages; made to fit what the service takes. */
  readonly history?: readonly HistoryMessage[];
  /** What the model may call, by name (letters, digits, `_`, `-`). */
  readonly tools?: Tools;
  /** Whether the model may call a tool, must call one, or must call that one. Default: `auto`. */
  readonly toolChoice?: 'auto' | 'any' | { readonly tool: string };
  /** How quickly a pause ends the user's turn. Default: the service's own. */
  readonly turnDetection?: 'low' | 'medium' | 'high';
  /** Words that make the model speak first, such as "Greet the child."; never shown. */
  readonly speakFirst?: string;
  /** How the model samples; the service's range and defaults. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;

  /** The microphone, by the id of a device list. Default: the system's choice. */
  readonly inputDevice?: string;
  /** The loudspeaker, likewise. */
  readonly outputDevice?: string;
  /** Where the microphone stands at the start; `closed` for push-to-talk. Default: `open`. */
  readonly microphone?: MicrophonePosition;
  /**
   * Wishes for the microphone. Echo cancellation, noise suppression and gain control are on unless set to `false`:
   * without the first, a model on loudspeakers hears and interrupts itself.
   */
  readonly audioConstraints?: MediaTrackConstraints;
  /** `false` for pages that bring their own microphone and call `sendAudio`; a stream, to use that one. */
  readonly capture?: boolean | MediaStream;
  /**
   * `false` for pages that play the `audio` event themselves: it is then taken as heard in real time from its arrival on.
   * `reported` for pages that also tell what was heard, with `reportPlayed`.
   */
  readonly playback?: boolean | 'reported' | PlaybackOptions;
  /** Loudness of the answer at the start, 0 to 1. Default: 1. */
  readonly volume?: number;
  /**
   * What happens as soon as the microphone is loud while the model speaks. `service`: nothing, until the service says
   * that it was an interruption. `reversible`: the answer is held at once, and goes on where it was if the service has
   * not called it an interruption by then. Default: `service`.
   */
  readonly bargeIn?: 'service' | 'reversible' | BargeInOptions;

  /** Ends the conversation after that time without a word from either side, seconds. Default: never. */
  readonly idleSeconds?: number;
  /** Ends the conversation after that time, seconds. Default: never; connections are renewed. */
  readonly maxSeconds?: number;
  /** How long a connection may take to open before it counts as failed, ms. Default: 5,000. */
  readonly connectTimeout?: number;
  /**
   * How long a conversation that has lost its connection tries to get another one, seconds; two attempts are made in any
   * case. Default: 60.
   */
  readonly reconnectSeconds?: number;
  /** How long after a fallback the direct path is tried again, seconds; 0 never. Default: 120. */
  readonly returnSeconds?: number;

  /** Where the package's files are, when a bundler or a policy keeps them elsewhere. */
  readonly assets?: AssetOptions;
  /** Another host for the direct path: a private endpoint, or a simulator. For example `wss://localhost:18443`. */
  readonly endpoint?: string;
  /** Closes the session when aborted. */
  readonly signal?: AbortSignal;
}

/** Options that may come after the start, as a promise: all but those of the devices, which open meanwhile. */
export type LateOptions = Omit<
  VoiceSessionOptions,
  | 'assets'
  | 'audioConstraints'
  | 'capture'
  | 'inputDevice'
  | 'microphone'
  | 'outputDevice'
  | 'playback'
  | 'signal'
  | 'volume'
>;

/** An earlier message. */
export interface HistoryMessage {
  readonly role: Role;
  readonly text: string;
}

/**
 * An address; an address with what the request needs; or a function that returns credentials (which then pass through
 * the page's thread).
 */
export type CredentialsSource =
  | string
  | URL
  | CredentialsRequest
  | ((context: SourceContext) => Promise<Credentials> | Credentials);

/** How the application's server is asked for credentials. Cookies go along by default. */
export interface CredentialsRequest {
  readonly url: string | URL;
  /** Default: `GET`, or `POST` when `csrf` is given. A `POST` carries an empty JSON object. */
  readonly method?: 'GET' | 'POST';
  /** Headers, or a function called before each request, for tokens that change. */
  readonly headers?: HeaderSource;
  /**
   * Django's protection against forged requests: `true` sends the cookie `csrftoken` as the header `X-CSRFToken`;
   * other names can be given, or the token itself.
   */
  readonly csrf?: true | { readonly cookie?: string; readonly header?: string; readonly token?: string };
  /** As for `fetch`. Default: `same-origin`. */
  readonly credentials?: RequestCredentials;
}

/** Headers, or where they come from. */
export type HeaderSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** Where a relay is: an address (`/voice/relay`, `wss://…`), or a function that returns one, for tickets used once. */
export type RelaySource =
  | string
  | URL
  | ((context: SourceContext) => string | URL | Promise<string | URL>);

/** Why a source is asked. */
export interface SourceContext {
  /** Aborted when the session closes meanwhile. */
  readonly signal: AbortSignal;
}

/** What a credentials source may answer: this project's grant, or credentials in the shape of the AWS SDK. */
export type Credentials = Grant | AwsCredentials;

/** What this project's endpoints issue: signing keys for one model, one region, one day. */
export interface Grant {
  readonly version: 1;
  readonly mode: 'signing-key';
  readonly region: string;
  readonly service: 'bedrock';
  readonly modelId: string;
  readonly accessKeyId: string;
  readonly sessionToken: string;
  readonly signingKeys: readonly { readonly date: string; readonly key: string }[];
  readonly serverTime: string;
  readonly openBefore: string;
  readonly expiration: string;
}

/** Temporary credentials as the AWS SDK has them, with their region. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** A date, its text, or nothing: then fifteen minutes are assumed. */
  readonly expiration?: Date | string;
  readonly region: string;
  readonly modelId?: string;
  /** What the issuer's clock said, for machines whose own clock is off. */
  readonly serverTime?: string;
  readonly openBefore?: string;
}

/** Tools by their names. */
export type Tools = Readonly<Record<string, Tool>>;

/** Something that the model may call. `tool()` infers the type of `input` from a schema of zod. */
export interface Tool<Input = never> {
  /** When to call it and what it gives, for the model. */
  readonly description: string;
  /** What it takes. Default: nothing. A schema that can validate is asked before `execute`. */
  readonly schema?: JsonSchema | StandardSchema<[Input] extends [never] ? unknown : Input>;
  /** Runs it; what it returns or rejects with is told to the model. Without it, calls come as `toolCall` events. */
  execute?(input: Input, context: ToolContext): unknown;
  /** How long it may run before the model is told that it failed, ms. Default: 30,000. */
  readonly timeout?: number;
}

/** What a tool gets along with its input. */
export interface ToolContext {
  /** The call. */
  readonly id: string;
  /** Aborted at the timeout and when the conversation ends. */
  readonly signal: AbortSignal;
}

/** A JSON Schema of an object. */
export interface JsonSchema {
  readonly type: 'object';
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly [key: string]: unknown;
}

/** A schema of zod or of another library that implements Standard Schema (standardschema.dev). */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What validation says. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** How answers are played. */
export interface PlaybackOptions {
  /** Sound that is waited for before an answer begins, ms. Grows by itself on a bad network. Default: 60; at most 80. */
  readonly bufferMs?: number;
  /** The page's own context, of any rate; not closed by the session. Default: one of 24 kHz. */
  readonly context?: AudioContext;
  /** Where the sound goes in that context. Default: its destination. */
  readonly destination?: AudioNode;
}

/** How a reversible interruption is recognised. */
export interface BargeInOptions {
  readonly mode: 'reversible';
  /** Loudness of the microphone that counts as a voice, dBFS. Default: -38. */
  readonly thresholdDb?: number;
  /** How long it must last, ms. Default: 120. */
  readonly attackMs?: number;
  /** How long the answer is held for the service to decide, ms. Default: 1,200. */
  readonly holdMs?: number;
}

/** Where the package's files are. By default they are found beside its module, and inline if that fails. */
export interface AssetOptions {
  /** Addresses of the files of `dist` with these names. */
  readonly worker?: string | URL;
  readonly capture?: string | URL;
  readonly playback?: string | URL;
  readonly wasm?: string | URL;
  /** `false` never loads the inline copies; pages with a strict policy then fail with a clear error. Default: `true`. */
  readonly inline?: boolean;
}
