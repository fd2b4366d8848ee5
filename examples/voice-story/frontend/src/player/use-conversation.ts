// One conversation after the other about a story: begun at the server, held by the package, ended at the server.

import { preload } from '@nova-sonic/web';
import type { LateOptions, Tool } from '@nova-sonic/web';
import { useVoiceEvent, useVoiceSession, useVoiceState } from '@nova-sonic/web/react';
import { useEffect, useRef, useState } from 'react';

import { RequestProblem } from '../api/request';
import { reviseStory, startVoiceSession } from '../api/stories';
import type { Revised, StartedSession } from '../api/types';
import { ConversationRecord } from './conversation-record';
import { phaseOf } from './phase';
import type { Manner, Phase } from './phase';
import { explain, explainStatus } from './problems';
import type { Problem } from './problems';
import type { Carried } from './transport';

/** A conversation costs by the minute: one that was forgotten ends by itself. */
const OPTIONS = { idleSeconds: 180, maxSeconds: 30 * 60 };

/** Why a conversation is over, if that needs words and is no problem. */
export type Farewell = 'taken_over' | 'idle' | 'time_limit';

export interface Conversation {
  readonly phase: Phase;
  readonly isReconnecting: boolean;
  readonly carried: Carried | undefined;
  readonly problem: Problem | undefined;
  /** Something that does not end the conversation. */
  readonly warning: Problem | undefined;
  readonly farewell: Farewell | undefined;
  /** When the storyteller was first there, ms since the epoch. */
  readonly since: number | undefined;
  /** To be called in a click's or a key's handler: browsers let a page make sound from there. */
  start(): void;
  stop(): void;
  /** The server has given this conversation, or another one, to another page. */
  takenOver(session: string | null): void;
}

/** Holds conversations about a story, in this manner; `revised` is told what the model's tool has made of it. */
export function useConversation(story: number, manner: Manner, revised: (revised: Revised) => void): Conversation {
  const controls = useVoiceSession();
  const { state, transport, microphone, error } = useVoiceState();
  const [refused, setRefused] = useState<Problem>();
  const [warning, setWarning] = useState<Problem>();
  const [farewell, setFarewell] = useState<Farewell>();
  const [isReconnecting, setReconnecting] = useState(false);
  const [carried, setCarried] = useState<Carried>();
  const [since, setSince] = useState<number>();
  const record = useRef<ConversationRecord>(undefined);
  /** The server is being asked for a conversation that somebody wants. */
  const asked = useRef<Promise<unknown>>(undefined);

  useVoiceEvent('transportChanged', ({ to, reason }) => {
    setCarried({ by: to, reason });
    setSince((before) => before ?? Date.now());
  });
  useVoiceEvent('renewing', ({ reason }) => setReconnecting(reason === 'connection'));
  useVoiceEvent('renewed', () => setReconnecting(false));
  // what the network and the service do meanwhile is the package's to mend, and is told only if it cannot
  useVoiceEvent('error', (warned) => {
    if (warned.blame === 'user') setWarning(explain(warned));
  });
  useVoiceEvent('closed', ({ reason }) => {
    setReconnecting(false);
    setWarning(undefined);
    if (isFarewell(reason)) setFarewell(reason);
  });

  useEffect(() => {
    if (warning === undefined) return;
    // whoever goes on has read it
    const forget = (): void => setWarning(undefined);
    addEventListener('pointerdown', forget);
    addEventListener('keydown', forget);
    return () => {
      removeEventListener('pointerdown', forget);
      removeEventListener('keydown', forget);
    };
  }, [warning]);

  // what a conversation needs of this machine is there when somebody clicks
  useEffect(() => preload(), []);

  const start = (): void => {
    if (asked.current !== undefined) return;
    setRefused(undefined);
    setWarning(undefined);
    setFarewell(undefined);
    setCarried(undefined);
    setSince(undefined);
    const begun = startVoiceSession(story);
    asked.current = begun;
    begun
      .catch((thrown: unknown) => {
        if (asked.current !== begun) return;
        setRefused(explainStatus(thrown instanceof RequestProblem ? thrown.status : 0));
      })
      .finally(() => {
        if (asked.current === begun) asked.current = undefined;
      });
    const rest = begun.then((started) => ({ ...optionsOf(started), tools: toolsOf(started, revised) }));
    // microphone and loudspeaker open while the server answers. It never rejects unseen: why a conversation does not
    // start is in the state as well
    controls.startWith({ ...OPTIONS, microphone: manner === 'hold' ? 'closed' : 'open' }, rest).catch(() => undefined);
    if (controls.session !== undefined) record.current = new ConversationRecord(controls.session, begun);
  };

  const stop = (): void => {
    asked.current = undefined;
    void controls.close();
  };

  const takenOver = (session: string | null): void => {
    if (record.current?.id === undefined || session !== record.current.id) return;
    record.current.end('taken_over');
    setFarewell('taken_over');
  };

  const phase = phaseOf({ state, transport, microphone, hasBegun: since !== undefined, reconnecting: isReconnecting });
  const problem = phase === 'connecting' ? undefined : (refused ?? (error && explain(error)));
  return {
    phase,
    isReconnecting,
    carried: transport === undefined ? undefined : carried,
    problem: farewell === undefined ? problem : undefined,
    warning,
    farewell,
    since,
    start,
    stop,
    takenOver,
  };
}

/** Whether a conversation that ends for this reason is over in good order, and somebody may wonder why. */
function isFarewell(reason: string): reason is Farewell {
  return reason === 'idle' || reason === 'time_limit';
}

function optionsOf(started: StartedSession): LateOptions {
  const { credentials_url, relay_url, transport, system_prompt, voice, model, endpoint } = started;
  return {
    credentials: { url: credentials_url, csrf: true },
    relay: relay_url,
    transport,
    systemPrompt: system_prompt,
    voice,
    model,
    ...(endpoint !== null && { endpoint }),
  };
}

/**
 * The tools as the server declares them, each of which asks the server to do the work. Over the relay the server runs
 * them itself, and they are not called here.
 */
function toolsOf({ tools, story, session }: StartedSession, revised: (revised: Revised) => void): Record<string, Tool> {
  const runs: Record<string, Tool['execute']> = {
    revise_story: async (input: Wish) => {
      // what is refused is told to the model, in the server's words
      const answer = await reviseStory(story, session, input);
      revised(answer);
      return { revision: answer.revision };
    },
  };
  return Object.fromEntries(
    tools.map(({ name, description, input_schema: schema }) => {
      const execute = runs[name];
      return [name, { description, schema, ...(execute && { execute }) }];
    }),
  );
}

interface Wish {
  readonly wish: string;
  readonly text: string;
}
