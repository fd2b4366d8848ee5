// The storyteller, as far as one can be seen.

import { useVoiceLevels } from '@nova-sonic/web/react';
import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';

import type { Phase } from './phase';

/** Moves with the voice of whoever speaks. Everything it shows is also said in words. */
export function Orb({ phase }: { readonly phase: Phase }): ReactElement {
  const element = useRef<HTMLDivElement>(null);
  const { input, output } = useVoiceLevels();
  const level = phase === 'speaking' ? output : input;
  useEffect(() => element.current?.style.setProperty('--level', String(level)), [level]);
  return (
    <div ref={element} className="orb" data-phase={phase} aria-hidden="true">
      <span className="halo" />
      <img src="/owl.svg" alt="" width="72" height="72" />
    </div>
  );
}
