// Browsers let a page make sound after a gesture only, and take it back when a phone call comes in.

/** Gestures that count in every browser. */
const GESTURES = ['pointerdown', 'pointerup', 'touchend', 'keydown'] as const;

/** Sound that is played for nobody: the first answer of a page on iOS is silent otherwise, seconds. */
const PRIME_SECONDS = 0.1;

/** To be called in the gesture itself, before anything is awaited. */
export function unlock(context: AudioContext): void {
  void context.resume().catch(() => undefined);
  const length = Math.ceil(PRIME_SECONDS * context.sampleRate);
  const buffer = new AudioBuffer({ length, sampleRate: context.sampleRate });
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
}

/** How long a context may take to run, or to close, ms. */
const RUN_MS = 1_000;

/** Closes a context; does not wait for one that is stuck in its start. */
export async function closed(context: AudioContext): Promise<void> {
  if (context.state === 'closed') return;
  const waited = new Promise((resolve) => setTimeout(resolve, RUN_MS));
  await Promise.race([context.close().catch(() => undefined), waited]);
}

/** Whether the context runs; waits for it no longer than a moment. */
export async function runs(context: AudioContext): Promise<boolean> {
  if (context.state === 'running') return true;
  const waited = new Promise((resolve) => setTimeout(resolve, RUN_MS));
  await Promise.race([context.resume().catch(() => undefined), waited]);
  return isRunning(context);
}

/**
 * Sees to it that a context goes on after an interruption: at once where the browser lets it, else at the next gesture.
 * Calls `blocked` when only the user can help. The function returned ends that.
 */
export function keepRunning(context: AudioContext, blocked: () => void): () => void {
  const resume = (): void => {
    if (context.state !== 'running' && context.state !== 'closed') void context.resume().catch(() => undefined);
  };
  const changed = (): void => {
    if (context.state === 'running' || context.state === 'closed') return;
    void runs(context).then((running) => {
      if (!running && context.state !== 'closed') blocked();
    });
  };
  context.addEventListener('statechange', changed);
  for (const gesture of GESTURES) document.addEventListener(gesture, resume, { capture: true, passive: true });
  document.addEventListener('visibilitychange', resume);
  return () => {
    context.removeEventListener('statechange', changed);
    for (const gesture of GESTURES) document.removeEventListener(gesture, resume, { capture: true });
    document.removeEventListener('visibilitychange', resume);
  };
}

/** Read anew: the compiler believes that a state cannot change while something is awaited. */
function isRunning(context: AudioContext): boolean {
  return context.state === 'running';
}
