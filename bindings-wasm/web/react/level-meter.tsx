// How loud it is.

import { forwardRef, useEffect, useImperativeHandle, useRef } from 'react';
import type { ComponentPropsWithoutRef } from 'react';

import { useVoiceLevels } from './hooks.js';

/** Props of {@link LevelMeter}: those of a `<div>`, and these. */
export interface LevelMeterProps extends Omit<ComponentPropsWithoutRef<'div'>, 'role'> {
  /** Whose level: the microphone's or the answer's. Default: `input`. */
  readonly of?: 'input' | 'output';
  /** Its name for screen readers. Default: "Microphone level" or "Answer level". */
  readonly label?: string;
}

/**
 * A meter without a style of its own. The CSS property `--level` is 0 to 1; `transform: scaleX(var(--level))` on what is
 * inside makes a bar of it. It renders itself and nothing else.
 */
export const LevelMeter = forwardRef<HTMLDivElement, LevelMeterProps>(function LevelMeter(
  { of = 'input', label, children, ...props },
  ref,
) {
  const level = useVoiceLevels()[of];
  const element = useRef<HTMLDivElement>(null);
  useImperativeHandle(ref, () => element.current as HTMLDivElement, []);
  // not as an attribute: a server's markup with one is against a strict style-src
  useEffect(() => element.current?.style.setProperty('--level', String(level)), [level]);
  const tenths = Math.round(level * 10) * 10;
  return (
    <div
      {...props}
      ref={element}
      role="meter"
      aria-label={label ?? (of === 'input' ? 'Microphone level' : 'Answer level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={tenths}
      aria-valuetext={`${tenths} %`}
    >
      {children}
    </div>
  );
});
