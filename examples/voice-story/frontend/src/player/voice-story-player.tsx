// The player beside a story.

import { LevelMeter, VoiceSessionProvider, useVoiceSession } from '@nova-sonic/web/react';
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';

import type { Revised, StatusMessage, Story } from '../api/types';
import { Announcer } from './announcer';
import { Captions } from './captions';
import { Controls, MannerChoice } from './controls';
import { Elapsed } from './elapsed';
import { Orb } from './orb';
import { isGoing, wordsOf } from './phase';
import type { Manner } from './phase';
import { ProblemBox } from './problem-box';
import { TransportBadge } from './transport-badge';
import { Typing } from './typing';
import { useConversation } from './use-conversation';
import type { Farewell } from './use-conversation';

/** Props of {@link VoiceStoryPlayer}. */
export interface VoiceStoryPlayerProps {
  readonly story: Story;
  /** Told when the model's tool has changed the story. */
  readonly revised: (revised: Revised) => void;
  /** Calls the function at each thing that the server tells of the story; the function returned ends that. */
  readonly listen: (told: (message: StatusMessage) => void) => () => void;
}

/** Talks with a storyteller about a story. When it leaves the page, the conversation ends. */
export function VoiceStoryPlayer(props: VoiceStoryPlayerProps): ReactElement {
  return (
    <VoiceSessionProvider>
      <Player {...props} />
    </VoiceSessionProvider>
  );
}

const FAREWELLS: Readonly<Record<Farewell, string>> = {
  taken_over: 'This story is being told in another window now.',
  idle: 'Nobody has spoken for a while, so the storyteller has gone to sleep.',
  time_limit: 'That was a long talk. The storyteller needs a rest.',
};

function Player({ story, revised, listen }: VoiceStoryPlayerProps): ReactElement {
  const [manner, setManner] = useState<Manner>('open');
  const conversation = useConversation(story.id, manner, revised);
  const { phase, isReconnecting, carried, problem, warning, farewell, since, takenOver } = conversation;
  const { pushToTalk } = useVoiceSession();
  const { title, hint } = wordsOf(phase, manner, isReconnecting, problem !== undefined);
  const going = isGoing(phase);

  useEffect(() =>
    listen(({ type, session }) => {
      if (type === 'taken_over') takenOver(session);
    }),
  );

  const choose = (chosen: Manner): void => {
    setManner(chosen);
    if (going) pushToTalk(chosen === 'open');
  };

  return (
    <section className="player" aria-label="Storyteller" data-state={phase} data-manner={manner}>
      <Announcer phase={phase} carried={carried} revision={story.revision} />
      <div className="dock">
        <div className="stage">
          <Orb phase={phase} />
          <div className="standing">
            <p className="title">{title}</p>
            <p className="quiet">{hint}</p>
          </div>
          <Elapsed since={since} isGoing={going} />
        </div>
        {problem !== undefined && <ProblemBox problem={problem} />}
        {farewell !== undefined && (
          <p className="farewell" role="status" data-farewell={farewell}>
            {FAREWELLS[farewell]}
          </p>
        )}
        {warning !== undefined && (
          <p className="warning" role="alert" data-code={warning.code}>
            {warning.what} {warning.whatToDo}
          </p>
        )}
        <Captions lang={story.language} />
        <Controls
          phase={phase}
          manner={manner}
          hasFailed={problem?.offer === 'retry'}
          start={conversation.start}
          stop={conversation.stop}
        />
      </div>
      <MannerChoice manner={manner} choose={choose} />
      <div className="meters">
        <Meter of="input" name="You" />
        <Meter of="output" name="Storyteller" />
      </div>
      <Typing disabled={!going || phase === 'connecting'} />
      {carried !== undefined && <TransportBadge carried={carried} />}
    </section>
  );
}

function Meter({ of, name }: { readonly of: 'input' | 'output'; readonly name: string }): ReactElement {
  return (
    <div className="meter">
      <span aria-hidden="true">{name}</span>
      <LevelMeter of={of} label={of === 'input' ? 'How loud you are' : 'How loud the storyteller is'}>
        <span className="bar" />
      </LevelMeter>
    </div>
  );
}
