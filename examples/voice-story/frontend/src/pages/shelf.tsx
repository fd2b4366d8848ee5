// All stories of the person who is signed in.

import type { ReactElement } from 'react';

import { fetchStories } from '../api/stories';
import type { StorySummary } from '../api/types';
import { useLoaded } from '../loading';
import { addressOf } from '../route';
import { Failure, Heading, Loading } from './parts';

/** The shelf: choose a story. */
export function Shelf(): ReactElement {
  const { value: stories, problem, reload } = useLoaded(fetchStories);
  return (
    <main className="shelf" data-page="shelf">
      <Heading title="Your stories">Which story shall we talk about?</Heading>
      {problem !== undefined && stories === undefined && <Failure status={problem.status} retry={reload} />}
      {stories === undefined && problem === undefined && <Loading />}
      {stories?.length === 0 && <p>There is no story on your shelf yet.</p>}
      {stories !== undefined && stories.length > 0 && (
        <ul>
          {stories.map((story) => (
            <li key={story.id}>
              <Book story={story} />
            </li>
          ))}
        </ul>
      )}
    </main>
  );
}

const COVERS = 5;

function Book({ story: { id, title, language, revision } }: { readonly story: StorySummary }): ReactElement {
  return (
    <a className="book" href={addressOf(id)} data-cover={id % COVERS}>
      <span className="title" lang={language}>
        {title}
      </span>
      <span className="imprint">
        {languageName(language)}
        {revision > 1 && `, version ${revision}`}
      </span>
    </a>
  );
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
