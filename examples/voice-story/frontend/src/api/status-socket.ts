// A socket over which the server says what happens to a story, opened again whenever it breaks.

import type { StatusMessage } from './types';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The server's own codes begin here: whoever may not listen now, may not listen later. */
const REFUSED = 4_000;
const TYPES: ReadonlySet<unknown> = new Set<StatusMessage['type']>(['started', 'ended', 'taken_over', 'revised']);

/** What the socket has to say. */
export interface StatusListener {
  told(message: StatusMessage): void;
  /** It was broken and is there again: something may have been missed. */
  returned(): void;
}

/** Listens to what happens to a story until the function returned is called. */
export function watchStory(story: number, listener: StatusListener): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE_MS;
  let broken = false;
  let ended = false;

  const open = (): void => {
    socket = new WebSocket(new URL(`/ws/stories/${story}/status/`, location.href.replace(/^http/, 'ws')));
    socket.onopen = () => {
      pause = FIRST_PAUSE_MS;
      if (broken) listener.returned();
      broken = false;
    };
    socket.onmessage = ({ data }) => {
      const message = parsed(data);
      if (message !== undefined) listener.told(message);
    };
    socket.onclose = ({ code }) => {
      if (ended || code >= REFUSED) return;
      broken = true;
      timer = setTimeout(open, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    };
  };

  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}

function parsed(data: unknown): StatusMessage | undefined {
  if (typeof data !== 'string') return undefined;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  const isKnown = typeof message === 'object' && message !== null && 'type' in message && TYPES.has(message.type);
  return isKnown ? (message as StatusMessage) : undefined;
}
