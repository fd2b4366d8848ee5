// What a screen reader is told of the conversation, besides its words: little, for the storyteller speaks as well.

import { useEffect, useRef, useState } from 'react';
import type { ReactElement } from 'react';

import type { Phase } from './phase';
import { isGoing } from './phase';
import { wordsOf } from './transport';
import type { Carried } from './transport';

interface AnnouncerProps {
  readonly phase: Phase;
  readonly carried: Carried | undefined;
  readonly revision: number;
}

/**
 * Tells that a conversation begins and ends, that it goes another way, and that the story has changed. That the storyteller
 * thinks, speaks and listens is heard, and would be told at every turn.
 */
export function Announcer({ phase, carried, revision }: AnnouncerProps): ReactElement {
  const [told, tell] = useState('');
  const seen = useRef<AnnouncerProps>({ phase, carried, revision });
  useEffect(() => {
    const before = seen.current;
    seen.current = { phase, carried, revision };
    if (revision > before.revision) tell(`The story has changed. This is version ${revision}.`);
    else if (phase === before.phase && carried === before.carried) return;
    else if (phase === 'connecting') tell('Connecting');
    else if (phase === 'ended') tell('The conversation is over.');
    else if (before.phase === 'connecting' && isGoing(phase)) tell('You can speak now.');
    else if (carried !== undefined && before.carried !== undefined && carried.by !== before.carried.by) {
      const { label, why } = wordsOf(carried);
      tell(`${label}, ${why}.`);
    }
  }, [phase, carried, revision]);
  return (
    <p className="only-read" role="status">
      {told}
    </p>
  );
}
