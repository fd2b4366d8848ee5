// The story itself.

import { useMemo } from 'react';
import type { ReactElement } from 'react';

import type { StoryOnPage } from './use-story';
import { paragraphs } from './sentences';

/** The text of a story. What its last change has brought is marked. */
export function StoryText({ story: { text, language }, before }: StoryOnPage): ReactElement {
  const shown = useMemo(() => paragraphs(text, language, before), [text, language, before]);
  return (
    <div className="story-text" lang={language}>
      {shown.map((sentences, at) => (
        <p key={at}>
          {sentences.map(({ text: sentence, isNew }, index) =>
            // another text is another element, so that its mark fades in anew
            isNew ? <mark key={`${index} ${sentence}`}>{sentence}</mark> : <span key={index}>{sentence}</span>,
          )}
        </p>
      ))}
    </div>
  );
}
