/** Settles after `ms`, or at once when aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (isAborted(signal)) done();
    else signal.addEventListener('abort', done);
  });
}

/** Read anew each time: the compiler believes that it cannot change between two looks. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
