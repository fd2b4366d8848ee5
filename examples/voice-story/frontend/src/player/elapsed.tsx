// How long the conversation has been going on.

import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';

/** Minutes and seconds since then; stands still once the conversation is over. */
export function Elapsed({ since, isGoing }: { readonly since: number | undefined; readonly isGoing: boolean }): ReactElement | null {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (since === undefined || !isGoing) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [since, isGoing]);
  if (since === undefined) return null;
  const seconds = Math.max(0, Math.floor((now - since) / 1_000));
  const shown = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <span className="elapsed" role="timer" aria-label="Time spent talking">
      {shown}
    </span>
  );
}
