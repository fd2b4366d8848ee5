// The loudspeaker: the playback worklet, how loud it is, and which device it comes out of.

import { voiceError, type VoiceError } from '../errors.js';
import type { AssetOptions, PlaybackOptions } from '../options.js';
import type { AudioDevice } from '../types.js';
import { addWorklet } from './assets.js';
import { listDevices } from './devices.js';
import { Meter } from './meter.js';
import { closed, keepRunning, runs, unlock } from './unlock.js';

/** Time constant with which the loudness follows, seconds: no click, and nobody waits. */
const VOLUME_SECONDS = 0.015;
/** Most that an answer may be made to wait, ms. */
const BUFFER_LIMIT_MS = 80;
const BUFFER_MS = 60;

/** What Firefox would mostly say of its latency, seconds. */
const FIREFOX_SECONDS = 0.04;
/** How long an element may take to play, ms. */
const PLAY_MS = 1_000;

/** Contexts that can choose their device: not those of Firefox and Safari. */
interface WithSink {
  setSinkId?(id: string): Promise<void>;
}

export interface LoudspeakerOptions {
  readonly playback: PlaybackOptions | undefined;
  readonly rate: number;
  readonly volume: number;
  readonly device: string | undefined;
  readonly assets: AssetOptions | undefined;
}

export class Loudspeaker {
  readonly #options: LoudspeakerOptions;
  readonly #context: AudioContext;
  readonly #gain: GainNode;
  readonly meter: Meter;
  #worklet: AudioWorkletNode | undefined;
  #element: HTMLAudioElement | undefined;
  #device: AudioDevice | undefined;
  #release: () => void;

  /** Makes and unlocks the audio context, so it belongs into the user's gesture. */
  constructor(options: LoudspeakerOptions, failed: (error: VoiceError) => void) {
    this.#options = options;
    const { playback, rate, volume } = options;
    // at the answer's own rate nothing is resampled on the way, but by the browser into its device
    this.#context = playback?.context ?? new AudioContext({ latencyHint: 'interactive', sampleRate: rate });
    unlock(this.#context);
    this.#gain = new GainNode(this.#context, { gain: volume });
    this.#gain.connect(playback?.destination ?? this.#context.destination);
    this.meter = new Meter(this.#context);
    this.#gain.connect(this.meter.node);
    this.#release = keepRunning(this.#context, () => failed(voiceError('playback_blocked')));
  }

  /** How long a rendered sample takes to the ear, seconds, as far as the browser knows. */
  get latency(): number {
    // Firefox asks its sound system while it locks the audio thread out, and with PulseAudio both then wait for ever
    if (navigator.userAgent.includes('Firefox/')) return FIREFOX_SECONDS;
    const { baseLatency, outputLatency } = this.#context as Partial<AudioContext>;
    return (baseLatency ?? 0) + (outputLatency ?? 0);
  }

  get device(): AudioDevice | undefined {
    return this.#device;
  }

  /** The port through which the worklet is given sound. */
  async open(): Promise<MessagePort> {
    const { assets, playback, rate } = this.#options;
    await addWorklet(this.#context, 'playback', assets);
    const bufferMs = Math.min(BUFFER_LIMIT_MS, Math.max(0, playback?.bufferMs ?? BUFFER_MS));
    this.#worklet = new AudioWorkletNode(this.#context, 'nova-sonic-playback', {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { rate, bufferMs },
    });
    this.#worklet.connect(this.#gain);
    if (this.#options.device !== undefined) await this.use(this.#options.device);
    return this.#worklet.port;
  }

  /** Whether sound comes out; waits a moment for it. */
  runs(): Promise<boolean> {
    return runs(this.#context);
  }

  setVolume(volume: number): void {
    this.#gain.gain.setTargetAtTime(volume, this.#context.currentTime, VOLUME_SECONDS);
  }

  /** Uses another device; rejects with a typed error where that is not possible. */
  async use(id: string | undefined): Promise<void> {
    const context = this.#context as WithSink;
    try {
      if (context.setSinkId !== undefined) await context.setSinkId(id ?? '');
      else if (id !== undefined || this.#element !== undefined) await this.#throughElement(id ?? '');
    } catch (thrown) {
      throw voiceError('output_unavailable', undefined, thrown);
    }
    const { outputs } = await listDevices();
    this.#device = id === undefined ? undefined : outputs.find((device) => device.id === id);
  }

  /** Elements can choose their device in browsers whose contexts cannot, at the price of some latency. */
  async #throughElement(id: string): Promise<void> {
    const element = this.#element ?? new Audio();
    // iOS has no such method, whatever the types say
    if ((element.setSinkId as unknown) === undefined) throw voiceError('output_unavailable');
    await element.setSinkId(id);
    if (this.#element !== undefined) return;
    const node = new MediaStreamAudioDestinationNode(this.#context);
    element.srcObject = node.stream;
    // a context that does not run yet gives the element nothing to play, and would keep it waiting
    await Promise.race([element.play(), moment()]);
    this.#element = element;
    this.#gain.disconnect();
    this.#gain.connect(node);
    this.#gain.connect(this.meter.node);
  }

  /** Silences and releases everything, the page's own context excepted. */
  async close(): Promise<void> {
    this.#release();
    this.#release = () => undefined;
    this.#worklet?.disconnect();
    this.#gain.disconnect();
    if (this.#element !== undefined) this.#element.srcObject = null;
    if (this.#options.playback?.context === undefined) await closed(this.#context);
  }
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PLAY_MS));
}
