// The whole page.

import type { ReactElement } from 'react';

import { leaveBy } from './api/request';
import { fetchPerson } from './api/stories';
import { useLoaded } from './loading';
import { Failure } from './pages/parts';
import { Shelf } from './pages/shelf';
import { StoryPage } from './pages/story-page';
import { SHELF, useStoryInAddress } from './route';

export function App(): ReactElement {
  const { value: person, problem, reload } = useLoaded(fetchPerson);
  const story = useStoryInAddress();
  return (
    <>
      <header className="site">
        <a className="brand" href={SHELF}>
          <img src="/owl.svg" alt="" width="32" height="32" />
          Story player
        </a>
        {person !== undefined && (
          <div className="person">
            <span>{person.name}</span>
            <button type="button" className="plain" onClick={() => leaveBy('/accounts/logout/')}>
              Sign out
            </button>
          </div>
        )}
      </header>
      {problem !== undefined && person === undefined && (
        <main>
          <Failure status={problem.status} retry={reload} />
        </main>
      )}
      {person !== undefined && (story === undefined ? <Shelf /> : <StoryPage key={story} id={story} />)}
    </>
  );
}
