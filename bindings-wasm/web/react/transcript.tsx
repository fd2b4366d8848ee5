// The conversation in writing.

import { forwardRef } from 'react';
import type { ComponentPropsWithoutRef, ReactElement, ReactNode } from 'react';

import type { Message, Role } from '../types.js';
import { useVoiceMessages } from './hooks.js';

/** Props of {@link Transcript}: those of a `<div>`, and these. */
export interface TranscriptProps extends Omit<ComponentPropsWithoutRef<'div'>, 'children' | 'role'> {
  /** Its name for screen readers. Default: "Conversation". */
  readonly label?: string;
  /** What the two sides are called. Default: "You" and "Assistant". */
  readonly names?: Readonly<Record<Role, string>>;
  /** What is inside an entry. Default: the name, the words that were heard, and the others struck through. */
  readonly children?: (message: Message) => ReactNode;
}

const NAMES: Readonly<Record<Role, string>> = { user: 'You', assistant: 'Assistant' };

/**
 * A list without a style of its own: each entry has `data-role`, `data-stage` and, if it was cut off, `data-interrupted`.
 *
 * It is a live region: screen readers tell each entry once, politely, when its words are final. Until then the words still
 * change and the answer is being heard, so that entries are shown and not told.
 */
export const Transcript = forwardRef<HTMLDivElement, TranscriptProps>(function Transcript(
  { label = 'Conversation', names = NAMES, children, ...props },
  ref,
) {
  const messages = useVoiceMessages();
  return (
    <div {...props} ref={ref} role="log" aria-live="polite" aria-label={label}>
      <ol>
        {messages.map((message) => (
          // an entry that becomes final is a new one, which is what live regions tell
          <li
            key={`${message.id} ${message.stage}`}
            data-role={message.role}
            data-stage={message.stage}
            data-interrupted={message.interrupted || undefined}
            aria-hidden={message.stage === 'partial' || undefined}
          >
            {children ? children(message) : <Entry message={message} name={names[message.role]} />}
          </li>
        ))}
      </ol>
    </div>
  );
});

function Entry({ message, name }: { readonly message: Message; readonly name: string }): ReactElement {
  const { text, heard, interrupted } = message;
  const isCut = interrupted && text.startsWith(heard) && text.length > heard.length;
  return (
    <>
      <span data-part="name">{name}</span>{' '}
      <span data-part="text">{isCut ? heard : text}</span>
      {isCut && <s data-part="unheard">{text.slice(heard.length)}</s>}
    </>
  );
}
