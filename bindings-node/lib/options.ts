// What a program may say about a conversation before it starts.

import type { MicrophonePosition, Role } from './types.js';

/** Options of a {@link VoiceSession}. All have defaults: region and credentials are those of every AWS SDK. */
export interface VoiceSessionOptions {
  /** The region. Default: `AWS_REGION`, or the profile's. */
  readonly region?: string;
  /** The model. Default: `amazon.nova-2-sonic-v1:0`. */
  readonly model?: string;
  /**
   * Credentials, or a function that is asked for them at each start and for each renewal, such as those of `@aws-sdk/credential-providers`.
   * Default: environment, profile, attached role.
   */
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
  /** The profile of the shared configuration files. Default: `AWS_PROFILE`, or `default`. */
  readonly profile?: string;
  /** Another endpoint than the region's, such as a simulator's. Default: `AWS_ENDPOINT_URL` and its kin. */
  readonly endpoint?: string | URL;
  /** Certificate authorities in PEM, trusted instead of the system's. Default: those of the file `AWS_CA_BUNDLE`. */
  readonly ca?: string | Uint8Array;
  /**
   * `each`: every conversation has a connection to itself. `shared`: those with the same settings share one, which takes
   * less memory and lets them wait for each other's lost packets. Default: `each`.
   */
  readonly connections?: 'each' | 'shared';

  /** Who the model is and how it is to talk. Default: a short friendly assistant. */
  readonly systemPrompt?: string;
  /** How the user's speech is to be written down (languages mixed, names). */
  readonly speechPrompt?: string;
  /** The voice, for example `tiffany`, `matthew`, `amy`. Default: `tiffany`. */
  readonly voice?: string;
  /** Earlier messages; made to fit what the service takes. */
  readonly history?: readonly HistoryMessage[];
  /** What the model may call, by name (letters, digits, `_`, `-`). */
  readonly tools?: Tools;
  /** Whether the model may call a tool, must call one, or must call that one. Default: `auto`. */
  readonly toolChoice?: 'auto' | 'any' | { readonly tool: string };
  /** How quickly a pause ends the user's turn. Default: the service's own. */
  readonly turnDetection?: 'low' | 'medium' | 'high';
  /** Words that make the model speak first, such as "Greet the caller."; never shown. */
  readonly speakFirst?: string;
  /** How the model samples; the service's range and defaults. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;

  /** Rate of the sound that you send, Hz. Default: 16,000. */
  readonly inputRate?: 8000 | 16000 | 24000;
  /** Rate of the sound that you get, Hz. Default: 24,000. */
  readonly outputRate?: 8000 | 16000 | 24000;
  /** Where the microphone stands at the start; `closed` for push-to-talk. Default: `open`. */
  readonly microphone?: MicrophonePosition;
  /**
   * How it is known what was heard of an answer. `assumed`: sound is played in real time from its arrival on.
   * `reported`: you tell, with `reportPlayed`. Default: `assumed`.
   */
  readonly playback?: 'assumed' | 'reported';

  /** Ends the conversation after that time without a word from either side, seconds. Default: never. */
  readonly idleSeconds?: number;
  /**
   * Whether the conversation goes on over another stream before the service ends the first, after eight minutes or with
   * the credentials, and when the stream breaks. Default: yes.
   */
  readonly renewal?: boolean;
  /** Age of a stream from which on a moment is looked for to go on over another, seconds. Default: 360. */
  readonly renewAfterSeconds?: number;
  /** Ends the conversation after that time, seconds. Default: never. */
  readonly maxSeconds?: number;
  /** How long opening may take, ms. Default: 10,000. */
  readonly connectTimeout?: number;
  /** Closes the session when aborted; `start()` and `answer()` then reject with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An earlier message. */
export interface HistoryMessage {
  readonly role: Role;
  readonly text: string;
}

/** Credentials as the AWS SDK for JavaScript has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Where such credentials come from: `fromNodeProviderChain()` and its kin are ones. */
export type AwsCredentialsProvider = () => AwsCredentials | Promise<AwsCredentials>;

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
