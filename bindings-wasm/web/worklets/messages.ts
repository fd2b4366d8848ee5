// What the worklets and the worker say to each other. The worklets themselves are plain JavaScript without imports:
// bundlers copy them as they are.

import type { PlaybackStatistics } from '../types.js';

/** What the playback worklet is told. */
export type ToPlayback =
  /** `length` samples of `samples`, which is transferred and may be longer. */
  | { readonly type: 'sound'; readonly turn: number; readonly samples: Int16Array; readonly length: number }
  /** Drops what waits of this turn and of those before it. */
  | { readonly type: 'flush'; readonly turn: number }
  | { readonly type: 'hold' }
  | { readonly type: 'resume' }
  | { readonly type: 'latency'; readonly seconds: number };

/** What the playback worklet tells. */
export type FromPlayback =
  /** So many samples of this turn have left the loudspeaker. */
  | { readonly type: 'played'; readonly turn: number; readonly samples: number }
  /** A buffer is empty and may be used again. */
  | { readonly type: 'spare'; readonly samples: Int16Array<ArrayBuffer> }
  /** From this frame of the context's clock on there was silence. */
  | { readonly type: 'flushed'; readonly turn: number; readonly samples: number; readonly frame: number }
  | { readonly type: 'statistics'; readonly statistics: PlaybackStatistics };

/** What the capture worklet tells: about 32 ms of the microphone, mixed to mono. The buffer is sent back when read. */
export interface FromCapture {
  readonly samples: Float32Array<ArrayBuffer>;
}
