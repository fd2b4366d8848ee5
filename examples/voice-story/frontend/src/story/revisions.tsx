// How a story came to be what it is.

import type { ReactElement } from 'react';

import type { Story } from '../api/types';

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** The wishes that have changed the story, the latest first. */
export function Revisions({ story: { revision, revisions } }: { readonly story: Story }): ReactElement {
  const latestFirst = [...revisions].sort((one, other) => other.number - one.number);
  return (
    <details className="revisions">
      <summary>
        Version {revision}
        <span className="quiet">{revision > 1 ? ', changed while talking' : ', as it was written'}</span>
      </summary>
      <ol>
        {latestFirst.map(({ number, created, wish, author }) => (
          <li key={number} data-revision={number}>
            <span className="wish">{wish === '' ? 'The story as it was written' : `“${wish}”`}</span>
            <span className="quiet">
              version {number}
              {author !== '' && `, ${author}`}, <time dateTime={created}>{TIME.format(new Date(created))}</time>
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
