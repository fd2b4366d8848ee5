// The engine's events, as its JSON has them.

import type { Fault } from '../channel.js';
import type { Role, Stage, Usage, VoiceState } from '../types.js';

/** One event of the engine. Turns are those of its own connection. */
export type EngineEvent =
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
  | { readonly type: 'renewalDue'; readonly reason: 'stream_life' | 'credentials' }
  | ({ readonly type: 'error' } & Required<Fault>)
  | { readonly type: 'unknown'; readonly name: string; readonly body: unknown }
  | ({ readonly type: 'closed'; readonly reason: string } & Partial<Fault>)
  | { readonly type: 'relay'; readonly relay: Readonly<Record<string, unknown>> };

/** Ends of a conversation that are nobody's fault. */
const ORDERLY = new Set(['hangup', 'ended', 'idle', 'time_limit']);

/** Whether the conversation is over with this, or only its connection. */
export function isOver(event: Extract<EngineEvent, { type: 'closed' }>): boolean {
  if (ORDERLY.has(event.reason)) return true;
  if (event.code === undefined) return false;
  return event.retryable !== true && event.blame !== 'network' && event.blame !== 'service';
}

/** Why a connection ended, for an application. */
export function faultOf(event: Extract<EngineEvent, { type: 'closed' }>): Fault {
  const { code, message, retryable, blame } = event;
  if (code === undefined) return { code: 'connection_lost' };
  return {
    code,
    ...(message !== undefined && { message }),
    ...(retryable !== undefined && { retryable }),
    ...(blame !== undefined && { blame }),
  };
}
