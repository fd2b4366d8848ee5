// Which page is shown: the shelf, or the story whose number is in the address.

import { useSyncExternalStore } from 'react';

/** The story that the address names; `undefined` for the shelf. */
export function useStoryInAddress(): number | undefined {
  const hash = useSyncExternalStore(watch, () => location.hash);
  const [, id] = /^#\/stories\/(\d+)$/.exec(hash) ?? [];
  return id === undefined ? undefined : Number(id);
}

export function addressOf(story: number): string {
  return `#/stories/${story}`;
}

export const SHELF = '#/';

function watch(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}
