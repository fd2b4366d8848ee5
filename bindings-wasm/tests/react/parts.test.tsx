// The parts: by mouse, by keyboard, by screen reader.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { act, cleanup, createEvent, fireEvent, render, screen } from '@testing-library/react';
import axe from 'axe-core';
import { createRef } from 'react';
import type { ReactNode } from 'react';

import { LevelMeter, TalkButton, Transcript, VoiceSessionProvider, useVoiceSession } from '../../web/react/index.js';
import type { TalkButtonProps, VoiceControls } from '../../web/react/index.js';
import { SessionDouble, sessionsMade } from './double.js';
import { drawFrame, holdFrames } from './frames.js';

let releaseFrames = (): void => {};
beforeEach(() => (releaseFrames = holdFrames()));
afterEach(() => {
  cleanup();
  releaseFrames();
});

let controls: VoiceControls;
function Controls(): null {
  controls = useVoiceSession();
  return null;
}

function show(part: ReactNode) {
  const { made, createSession } = sessionsMade();
  const page = (inside: ReactNode): ReactNode => (
    <VoiceSessionProvider createSession={createSession}>
      <Controls />
      <main>{inside}</main>
    </VoiceSessionProvider>
  );
  const view = render(page(part));
  return { ...view, made, change: (inside: ReactNode) => view.rerender(page(inside)) };
}

/** A button to hold, in a conversation that stands, pressed by nobody yet. */
async function showHeld(props: TalkButtonProps = {}) {
  const shown = show(<TalkButton mode="hold" {...props} />);
  const button = screen.getByRole<HTMLButtonElement>('button');
  fireEvent.pointerDown(button, { button: 0 });
  fireEvent.pointerUp(button);
  const [session] = shown.made;
  assert.ok(session);
  await act(async () => session.connect());
  session.done.length = 0;
  return { ...shown, button, session };
}

const pressed = (button: HTMLElement): string | null => button.getAttribute('aria-pressed');

test('a press starts the conversation and the next one ends it', () => {
  const { made } = show(<TalkButton />);
  const button = screen.getByRole('button', { name: 'Talk' });
  assert.equal(pressed(button), 'false');
  fireEvent.click(button);
  assert.equal(pressed(button), 'true');
  assert.equal(button.dataset['state'], 'initializing');
  act(() => made[0]?.connect());
  assert.equal(button.dataset['state'], 'listening');
  fireEvent.click(button);
  assert.equal(pressed(button), 'false');
  assert.deepEqual(made[0]?.done, ['start', 'close']);
  assert.equal(screen.getByRole('button', { name: 'Talk' }), button, 'its name does not change');
});

test('a press while it connects gives up', () => {
  const { made } = show(<TalkButton />);
  fireEvent.click(screen.getByRole('button'));
  fireEvent.click(screen.getByRole('button'));
  assert.equal(made[0]?.state, 'closed');
});

test('a button takes what buttons take: a ref, a name, a class, handlers that may say no', () => {
  const ref = createRef<HTMLButtonElement>();
  const { made } = show(
    <TalkButton ref={ref} label="Ask the book" className="round" onClick={(event) => event.preventDefault()}>
      {({ state, pressed }) => `${state} ${pressed}`}
    </TalkButton>,
  );
  const button = screen.getByRole('button', { name: 'Ask the book' });
  assert.equal(ref.current, button);
  assert.equal(button.className, 'round');
  assert.equal(button.getAttribute('type'), 'button');
  assert.equal(button.textContent, 'idle false');
  fireEvent.click(button);
  assert.equal(made.length, 0);
});

test('the first press of a held button starts the conversation with the microphone closed, and opens it if still held', async () => {
  const { made } = show(<TalkButton mode="hold" />);
  const button = screen.getByRole('button', { name: 'Hold to talk' });
  fireEvent.pointerDown(button, { button: 0 });
  assert.equal(pressed(button), 'true');
  assert.equal(made[0]?.options.microphone, 'closed');
  await act(async () => made[0]?.connect());
  assert.deepEqual(made[0]?.done, ['start', 'pushToTalk true']);
  fireEvent.pointerUp(button);
  assert.equal(pressed(button), 'false');
  assert.deepEqual(made[0]?.done, ['start', 'pushToTalk true', 'pushToTalk false']);
});

test('let go before the conversation stands, the microphone stays closed', async () => {
  const { session } = await showHeld();
  assert.equal(session.microphone, 'closed');
  assert.ok(!session.done.includes('pushToTalk true'));
});

for (const [key, name] of [
  [' ', 'space'],
  ['Enter', 'enter'],
] as const) {
  test(`${name} holds while it is down, however often it repeats`, async () => {
    const { button, session } = await showHeld();
    fireEvent.keyDown(button, { key });
    fireEvent.keyDown(button, { key, repeat: true });
    fireEvent.keyDown(button, { key, repeat: true });
    assert.equal(pressed(button), 'true');
    fireEvent.keyUp(button, { key });
    assert.equal(pressed(button), 'false');
    assert.deepEqual(session.done, ['pushToTalk true', 'pushToTalk false']);
  });
}

test('a key that is still down when the button lost the focus does not hold it again', async () => {
  const { button, session } = await showHeld();
  fireEvent.keyDown(button, { key: ' ' });
  fireEvent.blur(button);
  fireEvent.keyDown(button, { key: ' ', repeat: true });
  assert.deepEqual(session.done, ['pushToTalk true', 'pushToTalk false']);
});

test('other keys and other mouse buttons hold nothing', async () => {
  const { button, session } = await showHeld();
  fireEvent.keyDown(button, { key: 'Tab' });
  fireEvent.pointerDown(button, { button: 2 });
  assert.deepEqual(session.done, []);
});

for (const [why, leave] of [
  ['the finger is taken off by the system', (button: HTMLElement) => fireEvent.pointerCancel(button)],
  ['the window loses the focus', (button: HTMLElement) => fireEvent.blur(button)],
  ['the capture is lost', (button: HTMLElement) => fireEvent.lostPointerCapture(button)],
] as const) {
  test(`the microphone closes when ${why}`, async () => {
    const { button, session } = await showHeld();
    fireEvent.pointerDown(button, { button: 0 });
    leave(button);
    assert.deepEqual(session.done, ['pushToTalk true', 'pushToTalk false']);
    fireEvent.pointerUp(button);
    assert.equal(session.done.length, 2);
  });
}

test('the microphone closes when a held button is disabled, or leaves the page', async () => {
  const { button, session, change } = await showHeld();
  fireEvent.pointerDown(button, { button: 0 });
  change(<TalkButton mode="hold" disabled />);
  assert.deepEqual(session.done, ['pushToTalk true', 'pushToTalk false']);
  change(<TalkButton mode="hold" />);
  fireEvent.pointerDown(button, { button: 0 });
  change(null);
  assert.deepEqual(session.done.slice(2), ['pushToTalk true', 'pushToTalk false']);
});

test('a click without a pointer, as screen readers make, presses; the next one releases', async () => {
  const { button, session } = await showHeld();
  fireEvent.click(button, { detail: 0 });
  assert.equal(pressed(button), 'true');
  fireEvent.click(button, { detail: 0 });
  assert.deepEqual(session.done, ['pushToTalk true', 'pushToTalk false']);
});

test('the click at the end of a hold does nothing', async () => {
  const { button, session } = await showHeld();
  fireEvent.pointerDown(button, { button: 0 });
  fireEvent.pointerUp(button);
  fireEvent.click(button, { detail: 1 });
  assert.equal(pressed(button), 'false');
  assert.equal(session.done.length, 2);
});

test('a held finger opens no menu', async () => {
  const { button } = await showHeld();
  fireEvent.pointerDown(button, { button: 0 });
  const menu = createEvent.contextMenu(button);
  fireEvent(button, menu);
  assert.ok(menu.defaultPrevented);
});

test('the transcript is a polite log of what was said', () => {
  const { made } = show(<Transcript />);
  const log = screen.getByRole('log', { name: 'Conversation' });
  assert.equal(log.getAttribute('aria-live'), 'polite');
  act(() => void controls.start());
  act(() => made[0]?.say({ role: 'user', text: 'Tell me a story.' }, { id: '1', text: 'Once upon a time.' }));
  const entries = screen.getAllByRole('listitem');
  assert.deepEqual(
    entries.map((entry) => [entry.dataset['role'], entry.textContent]),
    [
      ['user', 'You Tell me a story.'],
      ['assistant', 'Assistant Once upon a time.'],
    ],
  );
});

test('an entry is told once: not while it grows, and as a new one when it is final', () => {
  const { made, container } = show(<Transcript />);
  act(() => void controls.start());
  act(() => made[0]?.say({ stage: 'partial', text: 'Once upon' }));
  const partial = container.querySelector('li');
  assert.equal(partial?.getAttribute('aria-hidden'), 'true');
  assert.equal(partial?.dataset['stage'], 'partial');
  act(() => made[0]?.say({ stage: 'partial', text: 'Once upon a time.' }));
  assert.equal(container.querySelector('li'), partial, 'it grows in place');
  act(() => made[0]?.say({ stage: 'final', text: 'Once upon a time.' }));
  const final = container.querySelector('li');
  assert.notEqual(final, partial);
  assert.equal(final?.getAttribute('aria-hidden'), null);
});

test('what was not heard of an interrupted answer is struck through', () => {
  const { made, container } = show(<Transcript />);
  act(() => void controls.start());
  act(() => made[0]?.say({ text: 'Once upon a time.', heard: 'Once upon', interrupted: true }));
  assert.equal(container.querySelector('[data-part="text"]')?.textContent, 'Once upon');
  assert.equal(container.querySelector('s')?.textContent, ' a time.');
  assert.equal(container.querySelector('li')?.dataset['interrupted'], 'true');
  act(() => made[0]?.say({ text: 'Once upon', heard: 'Once upon', interrupted: true }));
  assert.equal(container.querySelector('s'), null);
});

test('entries can look different', () => {
  const { made, container } = show(<Transcript names={{ user: 'Kim', assistant: 'Book' }}>{({ text }) => <em>{text}</em>}</Transcript>);
  act(() => void controls.start());
  act(() => made[0]?.say({ text: 'Hello.' }));
  assert.equal(container.querySelector('li')?.innerHTML, '<em>Hello.</em>');
});

test('a meter tells the level of its side in tenths, and styles it in hundredths', () => {
  const ref = createRef<HTMLDivElement>();
  const { made } = show(
    <>
      <LevelMeter ref={ref} />
      <LevelMeter of="output" />
    </>,
  );
  const [input, output] = [
    screen.getByRole('meter', { name: 'Microphone level' }),
    screen.getByRole('meter', { name: 'Answer level' }),
  ];
  assert.equal(ref.current, input);
  act(() => void controls.start());
  const session = made[0] as SessionDouble;
  act(() => session.connect());
  [session.inputLevel, session.outputLevel] = [0.43, 1.5];
  act(drawFrame);
  assert.equal(input.getAttribute('aria-valuenow'), '40');
  assert.equal(input.style.getPropertyValue('--level'), '0.43');
  assert.equal(output.getAttribute('aria-valuenow'), '100');
  assert.equal(output.style.getPropertyValue('--level'), '1');
});

test('axe finds nothing wrong with the parts', async () => {
  const { container, made } = show(
    <>
      <h1>Story</h1>
      <TalkButton />
      <TalkButton mode="hold">
        <svg aria-hidden="true" />
      </TalkButton>
      <Transcript />
      <LevelMeter />
    </>,
  );
  act(() => void controls.start());
  act(() => made[0]?.connect());
  act(() => made[0]?.say({ role: 'user', text: 'Hello.' }, { id: '1', text: 'Hello', stage: 'partial' }));
  // without a layout there are no colours to judge
  const { violations } = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } });
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
  );
});
