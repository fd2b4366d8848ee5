// For those who would rather write: in a quiet room, without a voice, or without a microphone that works.

import { useVoiceSession } from '@nova-sonic/web/react';
import { useState } from 'react';
import type { FormEvent, ReactElement } from 'react';

/** The longest text that is sent, characters. */
const LONGEST = 500;

/** Sends what is written; it is answered aloud. */
export function Typing({ disabled }: { readonly disabled: boolean }): ReactElement {
  const [text, setText] = useState('');
  const { sendText } = useVoiceSession();
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const written = text.trim();
    if (written === '' || disabled) return;
    sendText(written);
    setText('');
  };
  return (
    <form className="typing" onSubmit={send}>
      <label>
        <span className="only-read">Write to the storyteller</span>
        <input
          type="text"
          value={text}
          maxLength={LONGEST}
          placeholder="Or write it here"
          autoComplete="off"
          disabled={disabled}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <button type="submit" className="second" disabled={disabled || text.trim() === ''}>
        Send
      </button>
    </form>
  );
}
