// A story on the page: fetched once, and from then on as the server says that it changes.

import { useCallback, useEffect, useRef, useState } from 'react';

import { watchStory } from '../api/status-socket';
import { fetchStory } from '../api/stories';
import type { Revised, StatusMessage, Story } from '../api/types';
import { useLoaded } from '../loading';
import type { Loaded } from '../loading';

/** A story, and the one before it if it has changed while it was shown. */
export interface StoryOnPage {
  readonly story: Story;
  readonly before: string | undefined;
}

export interface WatchedStory extends Loaded<StoryOnPage> {
  /** Calls the function at each thing that the server tells of the story; the function returned ends that. */
  readonly listen: (told: (message: StatusMessage) => void) => () => void;
  /** The story has been revised, as the page itself has learned. */
  readonly revised: (revised: Revised) => void;
}

/** Shows a story and keeps it up to date. */
export function useStory(id: number): WatchedStory {
  const listeners = useRef(new Set<(message: StatusMessage) => void>());
  const listen = useCallback((told: (message: StatusMessage) => void) => {
    listeners.current.add(told);
    return () => void listeners.current.delete(told);
  }, []);
  const { value: fetched, problem, reload } = useLoaded(useCallback(() => fetchStory(id), [id]));
  const [shown, setShown] = useState<StoryOnPage>();

  // the newest wins, from whichever side it came: the list of revisions is only in what is fetched
  if (fetched !== undefined && isNews(fetched, shown)) setShown(next(shown, fetched));

  const revised = useCallback(
    ({ revision, text }: Revised) => {
      setShown((now) => (now === undefined || revision <= now.story.revision ? now : next(now, { ...now.story, revision, text })));
      reload();
    },
    [reload],
  );

  useEffect(
    () =>
      watchStory(id, {
        told: (message) => {
          const { type, revision, text } = message;
          if (type === 'revised' && revision !== undefined && text !== undefined) revised({ revision, text });
          for (const listener of [...listeners.current]) listener(message);
        },
        returned: reload,
      }),
    [id, revised, reload],
  );

  return { value: shown, problem, reload, revised, listen };
}

function isNews(fetched: Story, shown: StoryOnPage | undefined): boolean {
  if (shown === undefined || fetched.revision > shown.story.revision) return true;
  return fetched.revision === shown.story.revision && fetched.revisions.length > shown.story.revisions.length;
}

function next(shown: StoryOnPage | undefined, story: Story): StoryOnPage {
  const isSame = shown === undefined || shown.story.text === story.text;
  return { story, before: isSame ? shown?.before : shown.story.text };
}
