// Sessions are made when they are needed, and nothing of them is left when they are not.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, useEffect, useLayoutEffect } from 'react';
import type { ReactNode } from 'react';

import { VoiceSessionProvider, useVoiceLevels, useVoiceMessages, useVoiceSession, useVoiceState } from '../../web/react/index.js';
import type { VoiceControls, VoiceSessionProviderProps } from '../../web/react/index.js';
import { VoiceError } from '../../web/errors.js';
import type { VoiceSessionOptions } from '../../web/types.js';
import { SessionDouble, leftOver, sessionsMade } from './double.js';

afterEach(cleanup);

/** A page with every hook, of which `controls` and `state` are handed out. */
function page(props: VoiceSessionProviderProps) {
  const out: { controls?: VoiceControls; state?: ReturnType<typeof useVoiceState> } = {};
  const Everything = (): null => {
    out.controls = useVoiceSession();
    out.state = useVoiceState();
    useVoiceMessages();
    useVoiceLevels();
    return null;
  };
  const element = (more?: VoiceSessionProviderProps): ReactNode => (
    <VoiceSessionProvider {...props} {...more}>
      <Everything />
    </VoiceSessionProvider>
  );
  return { out, element };
}

/** Starts a conversation as soon as it is on the page and ends it when it goes, as effects are often written. */
function autoStart(useSomeEffect: typeof useEffect): () => null {
  return function AutoStart() {
    const { start, close } = useVoiceSession();
    useSomeEffect(() => {
      void start();
      return () => void close();
    }, [start, close]);
    return null;
  };
}

test('nothing is made until somebody starts', () => {
  const { made, createSession } = sessionsMade();
  const { element } = page({ createSession });
  render(<StrictMode>{element()}</StrictMode>).unmount();
  assert.equal(made.length, 0);
});

for (const [name, useSomeEffect] of Object.entries({ useEffect, useLayoutEffect })) {
  test(`a page that starts by itself in StrictMode, in ${name}, has one conversation, and none after it`, () => {
    const AutoStart = autoStart(useSomeEffect);
    const { made, createSession } = sessionsMade();
    const { unmount } = render(
      <StrictMode>
        <VoiceSessionProvider createSession={createSession}>
          <AutoStart />
        </VoiceSessionProvider>
      </StrictMode>,
    );
    assert.equal(made.length, 2, 'StrictMode mounts twice');
    assert.deepEqual(leftOver(made.slice(0, 1)), [], 'the first mount is cleaned up');
    assert.equal(made[1]?.state, 'initializing');
    act(() => made[1]?.connect());
    assert.equal(made[1]?.state, 'listening');
    unmount();
    assert.deepEqual(leftOver(made), []);
  });
}

test('a component that starts and never closes leaves nothing either: the provider does it', () => {
  const { made, createSession } = sessionsMade();
  const Careless = (): null => {
    const { start } = useVoiceSession();
    useEffect(() => void start(), [start]);
    return null;
  };
  const { unmount } = render(
    <StrictMode>
      <VoiceSessionProvider createSession={createSession}>
        <Careless />
      </VoiceSessionProvider>
    </StrictMode>,
  );
  assert.equal(made.filter(({ state }) => state !== 'closed').length, 1);
  unmount();
  assert.deepEqual(leftOver(made), []);
});

test('leaving the page in mid-sentence closes the conversation once, and nothing renders after it', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  const { unmount } = render(element());
  act(() => void out.controls?.start());
  const [session] = made;
  assert.ok(session);
  act(() => session.connect());
  act(() => {
    session.enter('speaking');
    session.say({ stage: 'partial', text: 'Once upon a' });
  });
  const before = out.state;
  unmount();
  assert.deepEqual(session.done, ['start', 'close']);
  assert.deepEqual(leftOver(made), []);
  session.say({ text: 'time.' });
  session.emit('stateChanged', { from: 'speaking', to: 'listening' });
  assert.equal(out.state, before);
});

test('leaving the page while it connects closes the conversation', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  const { unmount } = render(element());
  let started: Promise<void> | undefined;
  act(() => void (started = out.controls?.start()));
  unmount();
  assert.ok(started);
  await assert.rejects(started, { code: 'aborted' });
  assert.deepEqual(leftOver(made), []);
});

test('a start that comes after the page was left makes nothing', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  const { unmount } = render(element());
  unmount();
  assert.ok(out.controls);
  await assert.rejects(out.controls.start(), { code: 'aborted' });
  assert.equal(made.length, 0);
});

test('two starts are one conversation', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  let same = false;
  act(() => {
    same = out.controls?.start() === out.controls?.start();
  });
  assert.ok(same);
  act(() => made[0]?.connect());
  act(() => void out.controls?.start());
  assert.equal(made.length, 1);
});

test('who hung up may start again before the goodbye is over', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  act(() => void out.controls?.start());
  const [first] = made;
  assert.ok(first);
  act(() => first.connect());
  first.saysGoodbye = true;
  act(() => void out.controls?.close());
  assert.equal(out.state?.state, 'closed');
  assert.throws(() => out.controls?.sendText('hello'), { code: 'session_closed' });
  act(() => void out.controls?.start());
  assert.equal(made.length, 2);
  act(() => first.hangUp());
  assert.equal(out.state?.state, 'initializing', 'the end of the first is nothing to the second');
  assert.deepEqual(leftOver(made.slice(0, 1)), []);
});

test('to give up a start is no error', async () => {
  const { createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  await act(async () => {
    const started = out.controls?.start();
    void out.controls?.close();
    await assert.rejects(started!, { code: 'aborted' });
  });
  assert.deepEqual(out.state, { state: 'closed', transport: undefined, microphone: 'open', error: undefined });
});

test('each conversation is a session of its own, with the options of the latest render', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession, voice: 'amy' });
  const { rerender } = render(element());
  act(() => void out.controls?.start());
  rerender(element({ voice: 'matthew' }));
  assert.equal(made.length, 1, 'a conversation goes on as it began');
  act(() => void out.controls?.close());
  act(() => void out.controls?.start());
  assert.deepEqual(
    made.map(({ options }) => options.voice),
    ['amy', 'matthew'],
  );
  assert.deepEqual(leftOver(made.slice(0, 1)), []);
});

test('one conversation may have options of its own', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession, voice: 'amy', systemPrompt: 'You tell stories.' });
  render(element());
  act(() => void out.controls?.startWith({ systemPrompt: 'You ask questions.' }));
  const { voice, systemPrompt } = made[0]?.options ?? {};
  assert.deepEqual({ voice, systemPrompt }, { voice: 'amy', systemPrompt: 'You ask questions.' });
});

test('a conversation is started at once, with the promise of what a server has to say', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  const rest = new Promise<never>(() => {});
  act(() => void out.controls?.startWith({ voice: 'amy' }, rest));
  assert.deepEqual([made[0]?.options.voice, made[0]?.done, made[0]?.rest], ['amy', ['start'], rest]);
});

test('a click handler may be the control itself: the event is no option', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  const onClick: (event: { readonly type: string }) => unknown = out.controls!.start;
  act(() => void onClick({ type: 'click' }));
  assert.equal((made[0]?.options as { type?: unknown }).type, undefined);
});

test('what the user chose holds for this conversation and for later ones', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession, inputDevice: 'built-in' });
  render(element());
  await act(async () => {
    await out.controls?.setInputDevice('headset');
    out.controls?.setVolume(0.5);
  });
  act(() => void out.controls?.start());
  assert.equal(made[0]?.options.inputDevice, 'headset');
  assert.equal(made[0]?.options.volume, 0.5);
  await act(async () => out.controls?.setInputDevice(undefined));
  assert.deepEqual(made[0]?.done, ['start', 'setInputDevice undefined']);
  act(() => void out.controls?.close());
  act(() => void out.controls?.start());
  assert.ok(!('inputDevice' in (made[1]?.options ?? {})), "the system's choice is no option");
  assert.equal(made[1]?.options.volume, 0.5);
});

test('muted before it starts, the next conversation starts muted, and only that one', () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  act(() => out.controls?.mute());
  assert.equal(out.state?.microphone, 'muted');
  act(() => void out.controls?.start());
  assert.equal(made[0]?.options.microphone, 'muted');
  act(() => out.controls?.unmute());
  assert.equal(out.state?.microphone, 'open');
  act(() => void out.controls?.close());
  act(() => void out.controls?.start());
  assert.equal(made[1]?.options.microphone, 'open');
});

test('what needs a conversation says so when there is none', () => {
  const { createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  for (const use of [
    () => out.controls?.sendText('hello'),
    () => out.controls?.sendAudio(new Int16Array(1)),
    () => out.controls?.addToolResult('1', {}),
  ]) {
    assert.throws(use, { name: 'VoiceError', code: 'session_closed' });
  }
  out.controls?.interrupt();
  out.controls?.pushToTalk(false);
});

test('a start that fails is told by the state, and the next press tries again', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({ createSession });
  render(element());
  const error = new VoiceError({ code: 'microphone_denied', message: 'no', retryable: false, blame: 'user' });
  let started: Promise<void> | undefined;
  act(() => void (started = out.controls?.start()));
  act(() => made[0]?.fail(error));
  await assert.rejects(started!, error);
  assert.equal(out.state?.state, 'closed');
  assert.equal(out.state?.error, error);
  act(() => void out.controls?.start());
  assert.equal(made.length, 2);
  assert.equal(out.state?.error, undefined);
});

test('a session that fails without closing itself is closed', async () => {
  const { made, createSession } = sessionsMade();
  const { out, element } = page({
    createSession: (options: VoiceSessionOptions) => {
      const session = createSession(options);
      session.start = () => Promise.reject(new VoiceError({ code: 'internal', message: '', retryable: false, blame: 'caller' }));
      return session;
    },
  });
  render(element());
  await act(async () => {
    await out.controls?.start().catch(() => {});
  });
  assert.equal(out.state?.state, 'closed');
  assert.equal(out.state?.error?.code, 'internal');
  assert.equal(made[0]?.state, 'closed');
});

test('options that no session takes are told by the state', async () => {
  const error = new VoiceError({ code: 'configuration_invalid', message: 'voice', retryable: false, blame: 'caller' });
  const { out, element } = page({
    createSession: () => {
      throw error;
    },
  });
  render(element());
  await act(async () => {
    await assert.rejects(out.controls!.start(), error);
  });
  assert.equal(out.state?.error, error);
});

test('a session of the page is shown, and neither made nor closed', () => {
  const session = new SessionDouble();
  const { out, element } = page({ session });
  const { unmount } = render(<StrictMode>{element()}</StrictMode>);
  act(() => void out.controls?.start());
  act(() => session.connect());
  assert.equal(out.state?.state, 'listening');
  unmount();
  assert.deepEqual(session.done, ['start']);
  assert.equal(session.listeners, 0);
});

test('another session of the page takes the place of the first', () => {
  const [first, second] = [new SessionDouble(), new SessionDouble()];
  const { out, element } = page({ session: first });
  const { rerender } = render(element());
  second.state = 'speaking';
  rerender(element({ session: second }));
  assert.equal(out.state?.state, 'speaking');
  assert.equal(first.listeners, 0);
  act(() => second.enter('listening'));
  assert.equal(out.state?.state, 'listening');
});
