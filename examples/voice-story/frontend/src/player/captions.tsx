// What both sides have said, as it is heard.

import type { Message } from '@nova-sonic/web';
import { Transcript, useVoiceMessages } from '@nova-sonic/web/react';
import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';

const NAMES = { user: 'You', assistant: 'Storyteller' };
/** How near its end a list must be to be kept there, CSS pixels. */
const NEAR = 80;

/** Captions. They follow what is said unless somebody has scrolled back; screen readers hear each once it is final. */
export function Captions({ lang }: { readonly lang: string }): ReactElement {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const messages = useVoiceMessages();
  useEffect(() => toEnd(list.current, follows.current), [messages]);
  useEffect(() => {
    const { current } = list;
    if (current === null) return;
    // the room for it changes with what is above and below, and with how a phone is held
    const watch = new ResizeObserver(() => toEnd(current, follows.current));
    watch.observe(current);
    return () => watch.disconnect();
  }, []);
  return (
    <div className="captions" data-empty={messages.length === 0 || undefined}>
      <Transcript
        ref={list}
        label="What was said"
        // a list that scrolls must be reached by keys, and one with nothing in it need not
        tabIndex={messages.length > 0 ? 0 : -1}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
        }}
      >
        {(message) => <Caption message={message} lang={lang} />}
      </Transcript>
      {messages.length === 0 && <p className="quiet">What you say and what you hear is written here.</p>}
    </div>
  );
}

function toEnd(list: HTMLDivElement | null, follows: boolean): void {
  if (list !== null && follows) list.scrollTop = list.scrollHeight;
}

function Caption({ message, lang }: { readonly message: Message; readonly lang: string }): ReactElement {
  const { role, text, heard, interrupted, stage } = message;
  const isPart = text.startsWith(heard) && text.length > heard.length;
  const rest = isPart ? text.slice(heard.length) : '';
  return (
    <>
      <span className="who">{NAMES[role]}</span>
      <span className="words" lang={lang}>
        {isPart ? heard : text}
        {rest !== '' && interrupted && <Unheard>{rest}</Unheard>}
        {rest !== '' && !interrupted && stage === 'partial' && <span className="to-come">{rest}</span>}
      </span>
    </>
  );
}

/** What a barge-in cut off. Most screen readers do not tell that something is struck through. */
function Unheard({ children }: { readonly children: string }): ReactElement {
  return (
    <>
      <span className="only-read" lang="en">
        {' '}
        (interrupted; not heard:{' '}
      </span>
      <s className="unheard">{children}</s>
      <span className="only-read">)</span>
    </>
  );
}
