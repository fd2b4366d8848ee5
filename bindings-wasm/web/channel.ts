// What page and worker say to each other. Plain data; ports and buffers are transferred.

import type { ErrorBlame } from './errors.js';
import type {
  CloseReason,
  MicrophonePosition,
  PlaybackStatistics,
  RenewalReason,
  Role,
  Stage,
  TransportReason,
  Usage,
  VoiceState,
} from './types.js';
import type { ConnectionKind } from './options.js';

/**
 * Something that went wrong, as the worker tells it. The page completes what is left out from the catalogue, which the
 * worker does not carry.
 */
export interface Fault {
  readonly code: string;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly blame?: ErrorBlame;
}

/** The engine's configuration, as its JSON has it. Unknown fields are an error there. */
export interface EngineConfig {
  systemPrompt?: string;
  speechPrompt?: string;
  voice?: string;
  model?: string;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  turnDetection?: 'low' | 'medium' | 'high';
  history?: { role: Role; text: string }[];
  /** `schema` is JSON text: the order of its properties is what models read. */
  tools?: { name: string; description: string; schema: string }[];
  toolChoice?: 'auto' | 'any' | { tool: string };
  speakFirst?: string;
  inputRate: number;
  outputRate: number;
  microphone?: MicrophonePosition;
  playback?: 'reported' | 'assumed';
  limits?: { openMs?: number; idleMs?: number; wallMs?: number };
}

/** Where the worker gets credentials: it asks itself, or the page does and hands the bytes over. */
export type GrantSource =
  | {
      readonly kind: 'request';
      readonly url: string;
      readonly method: 'GET' | 'POST';
      readonly credentials: RequestCredentials;
      /** For the first request, if they need not be waited for; later ones ask for them. */
      readonly headers: Record<string, string> | undefined;
    }
  | { readonly kind: 'page' };

/** What the worker is told once, at the beginning. */
export interface Setup {
  readonly config: EngineConfig;
  readonly transport: 'auto' | ConnectionKind;
  readonly grant: GrantSource | undefined;
  readonly relay: boolean;
  /** Where it is, if the page need not be asked each time. */
  readonly relayUrl: string | undefined;
  readonly endpoint: string | undefined;
  readonly connectMs: number;
  readonly reconnectMs: number;
  readonly returnMs: number;
  readonly hold: HoldRule | undefined;
  /** Whether the page plays the sound itself. */
  readonly playsOnPage: boolean;
  /** Address or bytes of the WebAssembly; found beside the worker where neither is given. */
  readonly wasm: string | ArrayBuffer | undefined;
}

/** When an answer is held because somebody may be interrupting. */
export interface HoldRule {
  readonly thresholdDb: number;
  readonly attackMs: number;
  readonly holdMs: number;
}

/** What the page tells the worker. */
export type ToWorker =
  | { readonly type: 'load'; readonly wasm: Setup['wasm'] }
  | { readonly type: 'setup'; readonly setup: Setup }
  | { readonly type: 'connect' }
  | { readonly type: 'capture'; readonly port: MessagePort; readonly rate: number }
  | { readonly type: 'playback'; readonly port: MessagePort }
  | { readonly type: 'latency'; readonly seconds: number }
  | { readonly type: 'sound'; readonly samples: Int16Array | Float32Array; readonly rate: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'microphone'; readonly position: MicrophonePosition }
  | { readonly type: 'interrupt' }
  | { readonly type: 'toolResult'; readonly id: string; readonly json: string }
  | { readonly type: 'toolFailed'; readonly id: string; readonly message: string }
  | { readonly type: 'played'; readonly turn: number; readonly samples: number }
  | { readonly type: 'wantAudio'; readonly wanted: boolean }
  | { readonly type: 'answer'; readonly request: number; readonly value: Answer }
  | { readonly type: 'online' }
  | { readonly type: 'close' };

/** What the page answers to a question of the worker. */
export type Answer =
  | { readonly kind: 'headers'; readonly headers: Record<string, string> }
  | { readonly kind: 'grant'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'relay'; readonly url: string }
  | { readonly kind: 'error'; readonly error: Fault };

/** What the worker asks of the page, because only a page has it. */
export type Question = 'headers' | 'grant' | 'relay';

/** What the worker tells the page. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'unusable'; readonly error: Fault }
  | { readonly type: 'question'; readonly request: number; readonly question: Question }
  | { readonly type: 'connected' }
  | { readonly type: 'event'; readonly event: SessionEvent }
  | {
      readonly type: 'audio';
      readonly samples: Int16Array<ArrayBuffer>;
      readonly rate: number;
      readonly turn: number;
    }
  | { readonly type: 'statistics'; readonly statistics: PlaybackStatistics };

/** Events for the application. Turns are counted through the whole conversation. */
export type SessionEvent =
  | { readonly type: 'stateChanged'; readonly from: VoiceState; readonly to: VoiceState }
  | {
      readonly type: 'transcript';
      readonly role: Role;
      readonly text: string;
      readonly stage: Stage;
      readonly turn: number;
    }
  | { readonly type: 'interrupted'; readonly turn: number; readonly heardMs: number; readonly text: string }
  | { readonly type: 'toolCall'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly type: 'usage'; readonly delta: Usage; readonly total: Usage }
  | {
      readonly type: 'transportChanged';
      readonly from: ConnectionKind | undefined;
      readonly to: ConnectionKind;
      readonly reason: TransportReason;
      readonly error?: Fault;
    }
  | { readonly type: 'renewing'; readonly reason: RenewalReason }
  | { readonly type: 'renewed'; readonly reason: RenewalReason; readonly gapMs: number }
  | { readonly type: 'error'; readonly error: Fault }
  | { readonly type: 'unknown'; readonly name: string; readonly body: unknown }
  | { readonly type: 'closed'; readonly reason: CloseReason; readonly error?: Fault };
