// How loud something is, and its spectrum: read when somebody looks, so it costs nothing else.

/** Bins of the spectrum. */
const BINS = 512;
/** What counts as silence, dBFS. */
const FLOOR_DB = -60;

export class Meter {
  readonly node: AnalyserNode;
  readonly #samples = new Float32Array(2 * BINS);

  constructor(context: BaseAudioContext) {
    this.node = new AnalyserNode(context, { fftSize: 2 * BINS, smoothingTimeConstant: 0.6 });
  }

  /** 0 (silence) to 1 (full), even in decibels, as ears are. */
  get level(): number {
    this.node.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.#samples.length);
    return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
  }

  /** Loudness of each bin, 0 to 255, low frequencies first. */
  frequencies(bins: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.node.getByteFrequencyData(bins);
    return bins;
  }
}

/** The spectrum, of silence where there is no meter. */
export function spectrum(meter: Meter | undefined, bins = new Uint8Array(BINS)): Uint8Array<ArrayBuffer> {
  return meter === undefined ? bins.fill(0) : meter.frequencies(bins);
}
