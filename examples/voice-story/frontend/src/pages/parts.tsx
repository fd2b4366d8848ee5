// What every page has.

import { useEffect, useRef } from 'react';
import type { ReactElement, ReactNode } from 'react';

import { explainStatus } from '../player/problems';
import { ProblemBox } from '../player/problem-box';

/** The heading of a page. It has the focus when the page comes, so that a screen reader begins there. */
export function Heading({ title, lang, children }: { readonly title: string; readonly lang?: string; readonly children?: ReactNode }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Story player`;
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [title]);
  return (
    <header className="heading">
      <h1 ref={heading} tabIndex={-1} lang={lang}>
        {title}
      </h1>
      {children !== undefined && <p className="quiet">{children}</p>}
    </header>
  );
}

/** Something is being fetched. */
export function Loading(): ReactElement {
  return (
    <p className="loading" role="status">
      One moment …
    </p>
  );
}

/** Something could not be fetched. */
export function Failure({ status, retry }: { readonly status: number; readonly retry: () => void }): ReactElement {
  return <ProblemBox problem={explainStatus(status)} retry={retry} />;
}
