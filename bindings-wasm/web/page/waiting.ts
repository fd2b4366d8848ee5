// Waiting for more than one thing.

import { voiceError } from '../errors.js';

/** Rejects when that is aborted, and never settles otherwise. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(voiceError('aborted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Waits for all, and takes the first failure; none is left without somebody who looks at it. */
export async function together(...parts: (Promise<unknown> | undefined)[]): Promise<void> {
  const outcomes = await Promise.allSettled(parts);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
