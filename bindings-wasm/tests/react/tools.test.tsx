// Tools that run in components.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, useState } from 'react';
import type { ReactNode } from 'react';

import { VoiceSessionProvider, useVoiceSession, useVoiceTool } from '../../web/react/index.js';
import type { VoiceControls } from '../../web/react/index.js';
import type { Tool, ToolContext } from '../../web/types.js';
import { SessionDouble, sessionsMade } from './double.js';

afterEach(cleanup);

const CONTEXT: ToolContext = { id: 'call-1', signal: new AbortController().signal };

let controls: VoiceControls;
function Controls(): null {
  controls = useVoiceSession();
  return null;
}

let turnTo = (_page: number): void => {};
function Book({ title = 'book' }: { readonly title?: string }): null {
  const [page, setPage] = useState(1);
  turnTo = setPage;
  useVoiceTool<{ by: number }>('turn_page', {
    description: `Turns the page of the ${title}.`,
    execute: ({ by }) => `${title}: from ${page} to ${page + by}`,
    timeout: 5_000,
  });
  return null;
}

/** Runs a tool of a session as the session would. */
function run(session: SessionDouble | undefined, name: string, input: unknown): unknown {
  const tool = session?.options.tools?.[name] as Tool<unknown> | undefined;
  assert.ok(tool?.execute, `${name} is declared`);
  return tool.execute(input, CONTEXT);
}

test('a tool is declared when a conversation starts, and runs in the latest render', () => {
  const { made, createSession } = sessionsMade();
  render(
    <StrictMode>
      <VoiceSessionProvider createSession={createSession}>
        <Controls />
        <Book />
      </VoiceSessionProvider>
    </StrictMode>,
  );
  act(() => void controls.start());
  const declared = made[0]?.options.tools?.['turn_page'];
  assert.equal(declared?.description, 'Turns the page of the book.');
  assert.equal(declared?.timeout, 5_000);
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'book: from 1 to 2');
  act(() => turnTo(7));
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'book: from 7 to 8');
});

test('tools of components stand beside those of the options, and over them', () => {
  const { made, createSession } = sessionsMade();
  const tools = {
    turn_page: { description: 'Of the options.', execute: () => 'options' },
    look_up: { description: 'Looks a word up.', execute: () => 'found' },
  };
  render(
    <VoiceSessionProvider createSession={createSession} tools={tools}>
      <Controls />
      <Book />
    </VoiceSessionProvider>,
  );
  act(() => void controls.start());
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'book: from 1 to 2');
  assert.equal(run(made[0], 'look_up', {}), 'found');
});

test('a call to a component that has left the page fails, and works again when it is back', () => {
  const { made, createSession } = sessionsMade();
  const page = (books: ReactNode): ReactNode => (
    <VoiceSessionProvider createSession={createSession}>
      <Controls />
      {books}
    </VoiceSessionProvider>
  );
  const { rerender } = render(page(<Book />));
  act(() => void controls.start());
  rerender(page(null));
  assert.throws(() => run(made[0], 'turn_page', { by: 1 }), /turn_page/);
  rerender(page(<Book />));
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'book: from 1 to 2');
  act(() => void controls.close());
  rerender(page(null));
  act(() => void controls.start());
  assert.deepEqual(made[1]?.options.tools, {});
});

test('of two components with one tool the later one runs it, and the other one after it is gone', () => {
  const { made, createSession } = sessionsMade();
  const page = (both: boolean): ReactNode => (
    <VoiceSessionProvider createSession={createSession}>
      <Controls />
      <Book />
      {both ? <Book title="map" /> : null}
    </VoiceSessionProvider>
  );
  const { rerender } = render(page(true));
  act(() => void controls.start());
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'map: from 1 to 2');
  rerender(page(false));
  assert.equal(run(made[0], 'turn_page', { by: 1 }), 'book: from 1 to 2');
});

test('calls of a session of the page are answered by the component that has the tool', async () => {
  const session = new SessionDouble();
  const page = (book: boolean): ReactNode => (
    <VoiceSessionProvider session={session}>
      {book ? <Book /> : null}
      <Failing />
    </VoiceSessionProvider>
  );
  const { unmount } = render(page(true));
  for (const [id, name] of [['1', 'turn_page'], ['2', 'fail'], ['3', 'of_somebody_else']] as const) {
    await act(async () => session.emit('toolCall', { id, name, input: { by: 2 } }));
  }
  assert.deepEqual(session.done, ['addToolResult 1 "book: from 1 to 3"', 'addToolResult 2 Error: no page 9']);
  unmount();
  session.emit('toolCall', { id: '4', name: 'turn_page', input: { by: 2 } });
  assert.equal(session.done.length, 2);
});

function Failing(): null {
  useVoiceTool('fail', {
    description: 'Fails.',
    execute: () => {
      throw new Error('no page 9');
    },
  });
  return null;
}

test('a tool that is still running when its session closes is told, and answers nobody', async () => {
  const session = new SessionDouble();
  let aborted = false;
  let finish = (): void => {};
  const Slow = (): null => {
    useVoiceTool('slow', {
      description: 'Takes its time.',
      execute: (_input: unknown, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        return new Promise<void>((resolve) => (finish = resolve));
      },
    });
    return null;
  };
  render(
    <VoiceSessionProvider session={session}>
      <Slow />
    </VoiceSessionProvider>,
  );
  await act(async () => session.emit('toolCall', { id: '1', name: 'slow', input: {} }));
  await act(() => session.close());
  assert.ok(aborted);
  await act(async () => finish());
  assert.deepEqual(session.done, ['close']);
});
