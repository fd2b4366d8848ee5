// A button to talk with: by mouse, finger, keyboard or a screen reader.

import { forwardRef, useEffect, useImperativeHandle, useRef, useState } from 'react';
import type { ComponentPropsWithoutRef, KeyboardEvent, PointerEvent, ReactNode } from 'react';

import type { VoiceState } from '../types.js';
import { useVoiceSession, useVoiceState } from './hooks.js';
import type { VoiceControls } from './hooks.js';

/** Props of {@link TalkButton}: those of a `<button>`, and these. */
export interface TalkButtonProps extends Omit<ComponentPropsWithoutRef<'button'>, 'children' | 'type'> {
  /**
   * `conversation`: a press starts a conversation, the next one ends it. `hold`: the microphone is open while the button
   * is held (push-to-talk); the first press starts the conversation, with the microphone closed. Default: `conversation`.
   */
  readonly mode?: 'conversation' | 'hold';
  /**
   * Its name, which does not change when it is pressed: that it is pressed is told by `aria-pressed`. Default: "Talk", or
   * "Hold to talk".
   */
  readonly label?: string;
  /** What is inside, or a function that says it. Default: the label. */
  readonly children?: ReactNode | ((shown: { readonly state: VoiceState; readonly pressed: boolean }) => ReactNode);
}

/**
 * A button without a style of its own. `data-state` is the conversation's state, and `aria-pressed` whether a conversation
 * is going on or, with `mode="hold"`, whether the button is held. Why a conversation did not start or ended is told by
 * `useVoiceState().error`.
 */
export const TalkButton = forwardRef<HTMLButtonElement, TalkButtonProps>(function TalkButton(
  { mode = 'conversation', label, children, ...props },
  ref,
) {
  const { state, transport } = useVoiceState();
  const controls = useVoiceSession();
  const element = useRef<HTMLButtonElement>(null);
  useImperativeHandle(ref, () => element.current as HTMLButtonElement, []);
  // a finger that holds may move without scrolling the page, which would let go; no attribute, as in LevelMeter
  useEffect(() => {
    if (element.current) element.current.style.touchAction = mode === 'hold' ? 'none' : '';
  }, [mode]);
  const hold = useHold(controls, props.disabled === true || mode !== 'hold');
  // idle is also what a session is before it starts
  const pressed = mode === 'hold' ? hold.held : state !== 'closed' && !(state === 'idle' && !transport);
  const name = label ?? (mode === 'hold' ? 'Hold to talk' : 'Talk');

  const toggle = (): void => void (pressed ? controls.close() : controls.start());
  const handlers = mode === 'hold' ? hold.handlers : { onClick: toggle };
  return (
    <button
      {...props}
      {...after(props, handlers)}
      ref={element}
      type="button"
      aria-label={children === undefined ? undefined : name}
      aria-pressed={pressed}
      data-state={state}
    >
      {typeof children === 'function' ? children({ state, pressed }) : (children ?? name)}
    </button>
  );
});

type Handlers = Pick<
  ComponentPropsWithoutRef<'button'>,
  | 'onClick'
  | 'onPointerDown'
  | 'onPointerUp'
  | 'onPointerCancel'
  | 'onLostPointerCapture'
  | 'onKeyDown'
  | 'onKeyUp'
  | 'onBlur'
  | 'onContextMenu'
>;

function useHold(controls: VoiceControls, disabled: boolean): { held: boolean; handlers: Handlers } {
  const [held, setHeld] = useState(false);
  const isHeld = useRef(false);

  const change = (now: boolean): void => {
    if (now === isHeld.current) return;
    isHeld.current = now;
    setHeld(now);
    if (now) press(controls, () => isHeld.current);
    else controls.pushToTalk(false);
  };

  useEffect(() => {
    if (disabled) change(false);
  });
  useEffect(() => () => void (isHeld.current && controls.pushToTalk(false)), [controls]);

  const handlers: Handlers = {
    onPointerDown: (event: PointerEvent<HTMLButtonElement>) => {
      if (event.button !== 0) return;
      // a finger may slide off the button; it still holds it
      event.currentTarget.setPointerCapture?.(event.pointerId);
      change(true);
    },
    onPointerUp: () => change(false),
    onPointerCancel: () => change(false),
    onLostPointerCapture: () => change(false),
    onKeyDown: (event: KeyboardEvent<HTMLButtonElement>) => {
      if (!isPressKey(event)) return;
      event.preventDefault();
      if (!event.repeat) change(true);
    },
    onKeyUp: (event: KeyboardEvent<HTMLButtonElement>) => {
      if (!isPressKey(event)) return;
      event.preventDefault();
      change(false);
    },
    onBlur: () => change(false),
    // a long press of a finger would open a menu
    onContextMenu: (event) => {
      if (isHeld.current) event.preventDefault();
    },
    // screen readers and voice control click without a pointer, and cannot hold: one click presses, the next releases
    onClick: (event) => {
      if (event.detail === 0) change(!isHeld.current);
    },
  };
  return { held, handlers };
}

/** Opens the microphone; starts the conversation first where none is going on. */
function press(controls: VoiceControls, isHeld: () => boolean): void {
  if (controls.session && controls.session.state !== 'closed') {
    controls.pushToTalk(true);
    return;
  }
  const opened = (): void => {
    if (isHeld()) controls.pushToTalk(true);
  };
  controls.startWith({ microphone: 'closed' }).then(opened, () => {
    // the state tells why
  });
}

function isPressKey({ key }: KeyboardEvent): boolean {
  return key === ' ' || key === 'Enter';
}

/** The page's handlers, and ours after them unless they prevented it. */
function after(own: Handlers, ours: Handlers): Handlers {
  const both: Record<string, unknown> = {};
  for (const [name, handle] of Object.entries(ours)) {
    const first = (own as Record<string, unknown>)[name];
    both[name] = (event: { readonly defaultPrevented: boolean }) => {
      if (typeof first === 'function') first(event);
      if (!event.defaultPrevented) (handle as (event: unknown) => void)(event);
    };
  }
  return both as Handlers;
}
