// Something went wrong, and what to do about it.

import type { ReactElement } from 'react';

import type { Problem } from './problems';

interface ProblemBoxProps {
  readonly problem: Problem;
  /** Tries again. Left out where another button does it. */
  readonly retry?: () => void;
}

/** Says it at once to screen readers; the button does what helps. */
export function ProblemBox({ problem, retry }: ProblemBoxProps): ReactElement {
  const { code, what, whatToDo, offer } = problem;
  return (
    <div className="problem" role="alert" data-code={code}>
      <p className="what">{what}</p>
      <p>{whatToDo}</p>
      {offer === 'retry' && retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
      {offer === 'sign_in' && (
        <a className="button" href={`/accounts/login/?next=${encodeURIComponent(location.pathname)}`}>
          Sign in
        </a>
      )}
      <p className="code">Code: {code}</p>
    </div>
  );
}
