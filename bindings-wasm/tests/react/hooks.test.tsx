// What the hooks render, and what they do not.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { act, cleanup, render } from '@testing-library/react';
import { memo, useState } from 'react';
import type { ReactNode } from 'react';

import {
  VoiceSessionProvider,
  useVoiceEvent,
  useVoiceLevels,
  useVoiceMessages,
  useVoiceSession,
  useVoiceState,
} from '../../web/react/index.js';
import type { VoiceControls } from '../../web/react/index.js';
import { VoiceError } from '../../web/errors.js';
import { SessionDouble, entry, leftOver, sessionsMade } from './double.js';
import { drawFrame, framesAskedFor, holdFrames } from './frames.js';

let releaseFrames = (): void => {};
beforeEach(() => (releaseFrames = holdFrames()));
afterEach(() => {
  cleanup();
  releaseFrames();
});

/** How often each part of the page below was rendered, and what it saw last. */
function watchedPage() {
  const renders = { page: 0, controls: 0, state: 0, messages: 0, levels: 0 };
  const seen: { controls?: VoiceControls; state?: unknown; messages?: unknown; levels?: unknown } = {};
  const parts = {
    controls: memo(() => {
      renders.controls += 1;
      seen.controls = useVoiceSession();
      return null;
    }),
    state: memo(() => {
      renders.state += 1;
      seen.state = useVoiceState();
      return null;
    }),
    messages: memo(() => {
      renders.messages += 1;
      seen.messages = useVoiceMessages();
      return null;
    }),
    levels: memo(() => {
      renders.levels += 1;
      seen.levels = useVoiceLevels();
      return null;
    }),
  };
  const Page = (): ReactNode => {
    renders.page += 1;
    return (
      <>
        <parts.controls />
        <parts.state />
        <parts.messages />
        <parts.levels />
      </>
    );
  };
  return { renders, seen, Page };
}

/** What `change` had rendered. */
function rendersOf(renders: Record<string, number>, change: () => void): Record<string, number> {
  const before = { ...renders };
  act(change);
  return Object.fromEntries(
    Object.entries(renders).flatMap(([part, count]) => {
      const times = count - (before[part] ?? 0);
      return times > 0 ? [[part, times]] : [];
    }),
  );
}

function talkingPage() {
  const { made, createSession } = sessionsMade();
  const { renders, seen, Page } = watchedPage();
  const view = render(
    <VoiceSessionProvider credentials="/api/aws-credentials/" createSession={createSession}>
      <Page />
    </VoiceSessionProvider>,
  );
  act(() => void seen.controls?.start());
  const session = made[0];
  assert.ok(session);
  act(() => session.connect());
  return { ...view, session, made, renders, seen };
}

test('a level renders what shows levels, and nothing else', () => {
  const { session, renders, seen } = talkingPage();
  session.inputLevel = 0.5;
  assert.deepEqual(rendersOf(renders, drawFrame), { levels: 1 });
  assert.deepEqual(seen.levels, { input: 0.5, output: 0 });
  session.outputLevel = 0.25;
  assert.deepEqual(rendersOf(renders, drawFrame), { levels: 1 });
  assert.deepEqual(seen.levels, { input: 0.5, output: 0.25 });
});

test('a frame in which no level moved by a hundredth renders nothing', () => {
  const { session, renders } = talkingPage();
  session.inputLevel = 0.5;
  act(drawFrame);
  session.inputLevel = 0.504;
  assert.deepEqual(rendersOf(renders, drawFrame), {});
});

test('a state renders what shows states, and nothing else', () => {
  const { session, renders, seen } = talkingPage();
  assert.deepEqual(
    rendersOf(renders, () => session.enter('thinking')),
    { state: 1 },
  );
  assert.deepEqual(seen.state, { state: 'thinking', transport: 'direct', microphone: 'open', error: undefined });
  assert.deepEqual(
    rendersOf(renders, () => session.mute()),
    { state: 1 },
  );
  assert.deepEqual(seen.state, { state: 'thinking', transport: 'direct', microphone: 'muted', error: undefined });
});

test('a message renders what shows messages, and nothing else', () => {
  const { session, renders, seen } = talkingPage();
  assert.deepEqual(
    rendersOf(renders, () => session.say({ text: 'Hello.' })),
    { messages: 1 },
  );
  assert.deepEqual(seen.messages, [entry({ text: 'Hello.' })]);
});

test('usage, unknown events and renewals render nothing', () => {
  const { session, renders } = talkingPage();
  const total = session.usage;
  assert.deepEqual(
    rendersOf(renders, () => {
      session.emit('usage', { delta: total, total });
      session.emit('unknown', { name: 'later', body: {} });
      session.emit('renewing', { reason: 'stream_life' });
      session.emit('renewed', { reason: 'stream_life', gapMs: 0 });
    }),
    {},
  );
});

test('the controls stay the same object through everything', () => {
  const { session, seen, renders } = talkingPage();
  const controls = seen.controls;
  act(() => session.say({}));
  act(() => void controls?.close());
  act(() => void controls?.start());
  assert.equal(renders.controls, 1);
  assert.equal(seen.controls, controls);
});

test('no frame is asked for while nobody talks, or nobody watches', () => {
  const { made, createSession } = sessionsMade();
  const { seen, Page } = watchedPage();
  const page = (shown: boolean): ReactNode => (
    <VoiceSessionProvider createSession={createSession}>
      {shown ? <Page /> : null}
    </VoiceSessionProvider>
  );
  const { rerender } = render(page(true));
  assert.equal(framesAskedFor(), 0, 'before a conversation');
  act(() => void seen.controls?.start());
  act(() => made[0]?.connect());
  assert.equal(framesAskedFor(), 1, 'in a conversation');
  rerender(page(false));
  assert.equal(framesAskedFor(), 0, 'with no meter on the page');
  rerender(page(true));
  assert.equal(framesAskedFor(), 1, 'with the meter back');
  if (made[0]) made[0].inputLevel = 0.5;
  act(drawFrame);
  assert.deepEqual(seen.levels, { input: 0.5, output: 0 });
  act(() => void seen.controls?.close());
  assert.equal(framesAskedFor(), 0, 'after the conversation');
  assert.deepEqual(seen.levels, { input: 0, output: 0 });
});

test('messages stay when a conversation is over, and go when the next one starts', () => {
  const { session, seen } = talkingPage();
  act(() => session.say({ text: 'Goodbye.' }));
  act(() => void seen.controls?.close());
  assert.deepEqual(seen.messages, [entry({ text: 'Goodbye.' })]);
  act(() => void seen.controls?.start());
  assert.deepEqual(seen.messages, []);
});

test('what ends a conversation is told until the next one starts', () => {
  const { session, seen } = talkingPage();
  const error = new VoiceError({ code: 'connection_lost', message: 'gone', retryable: true, blame: 'network' });
  act(() => session.fail(error));
  assert.deepEqual(seen.state, { state: 'closed', transport: undefined, microphone: 'open', error });
  act(() => void seen.controls?.start());
  assert.deepEqual(seen.state, { state: 'initializing', transport: undefined, microphone: 'open', error: undefined });
});

test('events are heard in every conversation by the listener of the latest render', () => {
  const { made, createSession } = sessionsMade();
  const heard: string[] = [];
  let setWord = (_word: string): void => {};
  let controls: VoiceControls | undefined;
  const Listener = (): null => {
    const [word, set] = useState('first');
    setWord = set;
    controls = useVoiceSession();
    useVoiceEvent('interrupted', ({ turn }) => heard.push(`${word} ${turn}`));
    return null;
  };
  const { unmount } = render(
    <VoiceSessionProvider createSession={createSession}>
      <Listener />
    </VoiceSessionProvider>,
  );
  const interrupt = (turn: number): void => made.at(-1)?.emit('interrupted', { turn, heardMs: 0, text: '' });
  act(() => void controls?.start());
  interrupt(1);
  act(() => setWord('second'));
  interrupt(2);
  act(() => void controls?.close());
  act(() => void controls?.start());
  interrupt(3);
  assert.deepEqual(heard, ['first 1', 'second 2', 'second 3']);
  unmount();
  interrupt(4);
  assert.equal(heard.length, 3);
  assert.deepEqual(leftOver(made), []);
});

test('a session listens to the sound only while a component does', () => {
  const { made, createSession } = sessionsMade();
  let controls: VoiceControls | undefined;
  const Sound = (): null => {
    useVoiceEvent('audio', () => {});
    return null;
  };
  const Page = ({ withSound }: { withSound: boolean }): ReactNode => {
    controls = useVoiceSession();
    return withSound ? <Sound /> : null;
  };
  const page = (withSound: boolean): ReactNode => (
    <VoiceSessionProvider createSession={createSession}>
      <Page withSound={withSound} />
    </VoiceSessionProvider>
  );
  const { rerender } = render(page(false));
  act(() => void controls?.start());
  const silent = made[0]?.listeners ?? 0;
  rerender(page(true));
  assert.equal(made[0]?.listeners, silent + 1);
  rerender(page(false));
  assert.equal(made[0]?.listeners, silent);
});

test('a hook outside of a provider says what is missing', () => {
  const Page = (): null => {
    useVoiceState();
    return null;
  };
  const complain = console.error;
  console.error = () => {};
  try {
    assert.throws(() => render(<Page />), /VoiceSessionProvider/);
  } finally {
    console.error = complain;
  }
});

test('a session of the page is shown as it stands from the first render on', () => {
  const session = new SessionDouble();
  session.state = 'speaking';
  session.messages = [entry({ text: 'In the middle.' })];
  const { seen, Page, renders } = watchedPage();
  render(
    <VoiceSessionProvider session={session}>
      <Page />
    </VoiceSessionProvider>,
  );
  assert.equal((seen.state as { state: string }).state, 'speaking');
  assert.deepEqual(seen.messages, session.messages);
  assert.equal(renders.state, 1);
});
