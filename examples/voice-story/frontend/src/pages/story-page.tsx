// One story: to read, and to talk about.

import type { ReactElement } from 'react';

import { VoiceStoryPlayer } from '../player/voice-story-player';
import { SHELF } from '../route';
import { Revisions } from '../story/revisions';
import { StoryText } from '../story/story-text';
import { useStory } from '../story/use-story';
import { Failure, Heading, Loading } from './parts';

/** A story with its player. */
export function StoryPage({ id }: { readonly id: number }): ReactElement {
  const { value, problem, reload, revised, listen } = useStory(id);
  return (
    <main className="story" data-page="story">
      <a className="back" href={SHELF}>
        <span aria-hidden="true">←</span> All stories
      </a>
      {value === undefined && problem !== undefined && <Failure status={problem.status} retry={reload} />}
      {value === undefined && problem === undefined && <Loading />}
      {value !== undefined && (
        <div className="spread">
          <article className="sheet" data-revision={value.story.revision}>
            <Heading title={value.story.title} lang={value.story.language} />
            <StoryText {...value} />
            <Revisions story={value.story} />
          </article>
          <VoiceStoryPlayer story={value.story} revised={revised} listen={listen} />
        </div>
      )}
    </main>
  );
}
