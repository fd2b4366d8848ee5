// Events as the native part hands them over, made into those of this package.

import { NovaSonicError } from './errors.js';
import type { FaultLike } from './errors.js';
import type { NativeTaken } from './native.js';
import type { VoiceEvent, VoiceEventName } from './types.js';

/** Every event that a session may have. */
export const NAMES = [
  'stateChanged',
  'transcript',
  'audio',
  'interrupted',
  'toolCall',
  'toolAnswered',
  'usage',
  'renewalDue',
  'renewing',
  'renewed',
  'error',
  'unknown',
  'closed',
] as const satisfies readonly VoiceEventName[];

/** The event that was taken. */
export function read({ event, sound, rate = 0, turn = 0 }: NativeTaken): VoiceEvent {
  if (sound !== undefined) {
    const samples = new Int16Array(sound.buffer, sound.byteOffset, sound.length >> 1);
    return { type: 'audio', samples, pcm: sound, rate, turn };
  }
  const told = JSON.parse(event ?? '{"type":"unknown"}') as VoiceEvent | ({ type: 'error' | 'closed' } & FaultLike);
  if (told.type === 'error') return { type: 'error', error: new NovaSonicError(told as FaultLike) };
  if (told.type === 'closed' && 'code' in told) {
    return { type: 'closed', reason: told.code, error: new NovaSonicError(told) };
  }
  return told as VoiceEvent;
}
