// Where a conversation stands, in the words of this page.

import type { ConnectionKind, MicrophonePosition, VoiceState } from '@nova-sonic/web';

/**
 * - `ready`: not started yet
 * - `connecting`: started, or the connection is being replaced
 * - `listening`: the microphone is open
 * - `waiting`: nobody speaks, and the microphone is closed or muted
 * - `thinking`, `speaking`: the storyteller's turn
 * - `ended`: over; the captions stay
 */
export type Phase = 'ready' | 'connecting' | 'listening' | 'waiting' | 'thinking' | 'speaking' | 'ended';

/** How the child speaks: with an open microphone, or while a button is held. */
export type Manner = 'open' | 'hold';

export interface Standing {
  readonly state: VoiceState;
  readonly transport: ConnectionKind | undefined;
  readonly microphone: MicrophonePosition;
  /** Whether anything has carried this conversation. */
  readonly hasBegun: boolean;
  /** The connection broke and another one is being opened. */
  readonly reconnecting: boolean;
}

/** The phase of a conversation. */
export function phaseOf({ state, transport, microphone, hasBegun, reconnecting }: Standing): Phase {
  if (state === 'initializing') return 'connecting';
  if (state === 'closed') return hasBegun ? 'ended' : 'ready';
  if (reconnecting) return 'connecting';
  if (state === 'idle') return transport === undefined ? 'ready' : 'waiting';
  return state === 'listening' && microphone !== 'open' ? 'waiting' : state;
}

/** Whether a conversation is going on or about to. */
export function isGoing(phase: Phase): boolean {
  return phase !== 'ready' && phase !== 'ended';
}

interface Words {
  readonly title: string;
  readonly hint: string;
}

/** What the page says about a phase; where something went wrong, that is said below. */
export function wordsOf(phase: Phase, manner: Manner, isReconnecting: boolean, hasFailed: boolean): Words {
  if (hasFailed && phase === 'ready') return { title: 'That did not work', hint: 'Nothing is lost. Here is what helps:' };
  if (hasFailed && phase === 'ended') return { title: 'Cut short', hint: 'What was said is kept. Here is what helps:' };
  switch (phase) {
    case 'ready':
      return { title: 'Ready when you are', hint: 'Ask the storyteller anything, or wish for a change in the story.' };
    case 'connecting':
      return isReconnecting
        ? { title: 'Connecting again', hint: 'The connection broke. What was said is kept.' }
        : { title: 'Connecting', hint: 'If the browser asks for the microphone, choose “Allow”.' };
    case 'listening':
      return { title: 'Listening', hint: manner === 'hold' ? 'Let go when you have finished.' : 'Just speak. You may interrupt at any time.' };
    case 'waiting':
      return manner === 'hold'
        ? { title: 'Your turn', hint: 'Hold the button while you speak.' }
        : { title: 'Microphone off', hint: 'Switch it on to go on talking.' };
    case 'thinking':
      return { title: 'Thinking', hint: 'The storyteller looks for words.' };
    case 'speaking':
      return { title: 'Speaking', hint: manner === 'hold' ? 'Hold the button to interrupt.' : 'Speak up if you want to interrupt.' };
    case 'ended':
      return { title: 'The end, for now', hint: 'What was said stays here until you start again.' };
  }
}
