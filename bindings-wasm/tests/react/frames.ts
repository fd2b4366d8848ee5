// Frames of the screen, drawn when a test says so.

let waiting = new Map<number, FrameRequestCallback>();
let last = 0;

/** Takes the place of the browser's frames; the function returned puts them back. */
export function holdFrames(): () => void {
  const { requestAnimationFrame, cancelAnimationFrame } = globalThis;
  waiting = new Map();
  globalThis.requestAnimationFrame = (draw) => {
    last += 1;
    waiting.set(last, draw);
    return last;
  };
  globalThis.cancelAnimationFrame = (frame) => void waiting.delete(frame);
  return () => Object.assign(globalThis, { requestAnimationFrame, cancelAnimationFrame });
}

/** Draws one frame. */
export function drawFrame(): void {
  const now = [...waiting.values()];
  waiting.clear();
  for (const draw of now) draw(0);
}

/** How many have asked for the next frame. */
export function framesAskedFor(): number {
  return waiting.size;
}
