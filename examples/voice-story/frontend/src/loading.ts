// Something that is fetched for a component, until the component is gone.

import { useCallback, useEffect, useState } from 'react';

import { RequestProblem } from './api/request';

/** What was fetched, or why it is not there. Both are `undefined` while it is under way. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly problem: RequestProblem | undefined;
  /** Fetches it anew; what is there stays until the answer. */
  readonly reload: () => void;
}

/** Fetches once, and whenever `fetch` is another function. */
export function useLoaded<Value>(fetch: () => Promise<Value>): Loaded<Value> {
  const [value, setValue] = useState<Value>();
  const [problem, setProblem] = useState<RequestProblem>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    let left = false;
    fetch().then(
      (fetched) => {
        if (left) return;
        setValue(fetched);
        setProblem(undefined);
      },
      (thrown: unknown) => {
        if (!left) setProblem(thrown instanceof RequestProblem ? thrown : new RequestProblem(0, undefined, thrown));
      },
    );
    return () => {
      left = true;
    };
  }, [fetch, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { value, problem, reload };
}
