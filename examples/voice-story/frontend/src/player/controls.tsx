// What one can do with a conversation that is going on, and how one wants to speak.

import { TalkButton, useVoiceSession, useVoiceState } from '@nova-sonic/web/react';
import { useId } from 'react';
import type { ReactElement } from 'react';

import type { Manner, Phase } from './phase';
import { isGoing } from './phase';

interface ControlsProps {
  readonly phase: Phase;
  readonly manner: Manner;
  /** Whether the last attempt failed. */
  readonly hasFailed: boolean;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Start and stop, and the microphone in between. */
export function Controls({ phase, manner, hasFailed, start, stop }: ControlsProps): ReactElement {
  const { microphone } = useVoiceState();
  const { mute, unmute } = useVoiceSession();
  if (!isGoing(phase)) {
    return (
      <div className="controls">
        <button type="button" className="main" onClick={start}>
          {hasFailed ? 'Try again' : phase === 'ended' ? 'Talk again' : 'Start talking'}
        </button>
      </div>
    );
  }
  const isMuted = microphone === 'muted';
  return (
    <div className="controls">
      {manner === 'hold' ? (
        <TalkButton mode="hold" className="main hold" disabled={phase === 'connecting'}>
          {({ pressed }) => (pressed ? 'Let go to send' : 'Hold to talk')}
        </TalkButton>
      ) : (
        <button
          type="button"
          className="second"
          aria-pressed={isMuted}
          disabled={phase === 'connecting'}
          onClick={isMuted ? unmute : mute}
        >
          Mute microphone
        </button>
      )}
      <button type="button" className="stop" onClick={stop}>
        Stop
      </button>
    </div>
  );
}

interface MannerChoiceProps {
  readonly manner: Manner;
  readonly choose: (manner: Manner) => void;
}

const MANNERS: readonly { readonly manner: Manner; readonly label: string }[] = [
  { manner: 'open', label: 'Just speak' },
  { manner: 'hold', label: 'Hold a button' },
];

/** An open microphone, or push-to-talk. */
export function MannerChoice({ manner: chosen, choose }: MannerChoiceProps): ReactElement {
  const name = useId();
  return (
    <fieldset className="manner">
      <legend>How do you want to speak?</legend>
      {MANNERS.map(({ manner, label }) => (
        <label key={manner}>
          <input type="radio" name={name} value={manner} checked={manner === chosen} onChange={() => choose(manner)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
