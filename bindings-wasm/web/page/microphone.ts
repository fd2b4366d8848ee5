// The microphone and its way into the worker: constraints, the device in use, and what happens when it goes away.
//
// Echo: the model's voice comes out of the loudspeaker and back into the microphone, and a model that hears itself
// interrupts itself. The browser's echo canceller knows what the page plays and takes it out, so it is on by default,
// together with noise suppression and gain control. Where it cannot work (sound that leaves by another machine, some
// Bluetooth speakers), headphones, push-to-talk or `bargeIn: 'reversible'` help.

import { voiceError, type VoiceError } from '../errors.js';
import type { AssetOptions } from '../options.js';
import type { AudioDevice } from '../types.js';
import { addWorklet } from './assets.js';
import { listDevices, mediaDevices, watchDevices } from './devices.js';
import { Meter } from './meter.js';
import { microphoneError } from './microphone-errors.js';
import { closed, runs } from './unlock.js';

const DEFAULTS: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
};

/** How long the system may keep the microphone mute before that is an error, ms. */
const MUTE_MS = 2_000;

/** Who wants to know of the microphone. */
export interface MicrophoneListener {
  /** Sound comes through this port from now on, at this rate. */
  connected(port: MessagePort, rate: number): void;
  /** Another device is in use. */
  changed(device: AudioDevice | undefined, lost: boolean): void;
  failed(error: VoiceError): void;
}

export interface MicrophoneOptions {
  readonly constraints: MediaTrackConstraints | undefined;
  readonly device: string | undefined;
  /** A stream that the page brings; it is not stopped. */
  readonly stream: MediaStream | undefined;
  readonly assets: AssetOptions | undefined;
}

export class Microphone {
  readonly #options: MicrophoneOptions;
  readonly #listener: MicrophoneListener;
  #context: AudioContext;
  #wanted: string | undefined;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #worklet: AudioWorkletNode | undefined;
  #meter: Meter | undefined;
  #enabled = true;
  #closed = false;
  /** Whether the device in use has been on the browser's list. */
  #listed = false;
  /** Is gone, and another one is being asked for. */
  #lost: MediaStream | undefined;
  #unwatch: () => void = () => undefined;

  /** Makes the audio context, so it belongs into the user's gesture. */
  constructor(options: MicrophoneOptions, listener: MicrophoneListener) {
    this.#options = options;
    this.#listener = listener;
    this.#wanted = options.device;
    // the device's own rate: the engine resamples, with one filter for every browser
    this.#context = new AudioContext({ latencyHint: 'interactive' });
    void this.#context.resume().catch(() => undefined);
  }

  get meter(): Meter | undefined {
    return this.#meter;
  }

  get device(): AudioDevice | undefined {
    const track = this.#stream?.getAudioTracks()[0];
    if (track === undefined) return undefined;
    const { deviceId = '', groupId = '' } = track.getSettings();
    return { id: deviceId, label: track.label, groupId };
  }

  /** Asks for the microphone and connects it; rejects with a typed error. */
  async open(): Promise<void> {
    // on its way while the user is asked; what fails is told when it is needed
    addWorklet(this.#context, 'capture', this.#options.assets).catch(() => {});
    const stream = this.#options.stream ?? (await this.#ask(this.#wanted));
    if (this.#dropped(stream)) return;
    this.#stream = stream;
    this.#unwatch = watchDevices(({ inputs }) => this.#look(inputs));
    await this.#connect(stream);
  }

  /** Uses another device. The one in use stays if that fails. */
  async use(device: string | undefined): Promise<void> {
    this.#wanted = device;
    if (this.#stream !== undefined) await this.#replace(device, false);
  }

  /** Lets sound through, or gives silence. The system shows the microphone as in use all the while. */
  enable(enabled: boolean): void {
    this.#enabled = enabled;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = enabled;
  }

  /** Releases the device and the context. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch();
    this.#source?.disconnect();
    this.#worklet?.disconnect();
    if (this.#stream !== undefined) this.#stop(this.#stream);
    this.#stream = undefined;
    this.#meter = undefined;
    await closed(this.#context);
  }

  async #ask(device: string | undefined): Promise<MediaStream> {
    const devices = mediaDevices();
    if (devices === undefined) throw voiceError(isSecureContext ? 'browser_unsupported' : 'insecure_page');
    const wishes = { ...DEFAULTS, ...this.#options.constraints };
    const ask = (deviceId?: ConstrainDOMString): Promise<MediaStream> =>
      devices.getUserMedia({ audio: deviceId === undefined ? wishes : { ...wishes, deviceId } });
    try {
      if (device === undefined) return await ask();
      try {
        return await ask({ exact: device });
      } catch (thrown) {
        // iOS gives its devices new ids, and then knows none of the old ones
        if (!(thrown instanceof DOMException) || !/NotFound|Overconstrained/.test(thrown.name)) throw thrown;
        return await ask({ ideal: device });
      }
    } catch (thrown) {
      throw microphoneError(thrown);
    }
  }

  /** The session may have been closed while the user was asked. */
  #dropped(stream: MediaStream): boolean {
    if (this.#closed) this.#stop(stream);
    return this.#closed;
  }

  async #connect(stream: MediaStream): Promise<void> {
    this.#watch(stream);
    for (const track of stream.getAudioTracks()) track.enabled = this.#enabled;
    await this.#attach(stream);
    // a context that was made before the microphone was allowed may have waited for that
    void runs(this.#context).then((running) => {
      if (!running && !this.#closed) this.#listener.failed(voiceError('playback_blocked'));
    });
    this.#listed = false;
    void listDevices().then(({ inputs }) => this.#look(inputs));
  }

  /** WebKitGTK does not end the track of a device that is pulled out: it leaves the list, and nothing more is heard. */
  #look(inputs: readonly AudioDevice[]): void {
    const id = this.device?.id;
    if (id === undefined || this.#stream === undefined) return;
    if (inputs.some((input) => input.id === id)) this.#listed = true;
    else if (this.#listed) this.#gone(this.#stream);
  }

  #gone(stream: MediaStream): void {
    if (this.#stream !== stream || this.#lost === stream || this.#closed) return;
    this.#lost = stream;
    void this.#replace(undefined, true);
  }

  async #attach(stream: MediaStream): Promise<void> {
    const source = await this.#sourceOf(stream);
    if (this.#worklet === undefined) {
      await addWorklet(this.#context, 'capture', this.#options.assets);
      if (this.#isClosed()) return;
      this.#worklet = new AudioWorkletNode(this.#context, 'nova-sonic-capture', { numberOfOutputs: 0 });
      this.#meter = new Meter(this.#context);
      this.#listener.connected(this.#worklet.port, this.#context.sampleRate);
    }
    this.#source?.disconnect();
    this.#source = source;
    source.connect(this.#worklet);
    if (this.#meter !== undefined) source.connect(this.#meter.node);
  }

  /** Firefox before version 137 refuses a microphone whose rate is not the context's: then the context follows. */
  async #sourceOf(stream: MediaStream): Promise<MediaStreamAudioSourceNode> {
    const told = stream.getAudioTracks()[0]?.getSettings().sampleRate;
    for (const sampleRate of [undefined, told, 48_000, 44_100, 16_000]) {
      try {
        if (sampleRate !== undefined && sampleRate > 0) {
          await closed(this.#context);
          this.#context = new AudioContext({ latencyHint: 'interactive', sampleRate });
          this.#worklet = undefined;
        }
        return new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream });
      } catch (thrown) {
        if (!(thrown instanceof DOMException) || thrown.name !== 'NotSupportedError') throw microphoneError(thrown);
      }
    }
    throw voiceError('microphone_unsuitable', 'the browser does not connect this microphone to audio processing');
  }

  #watch(stream: MediaStream): void {
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => this.#gone(stream));
      track.addEventListener('mute', () => {
        setTimeout(() => {
          if (track.muted && this.#stream === stream) this.#listener.failed(voiceError('microphone_silent'));
        }, MUTE_MS);
      });
    }
  }

  /** Another device in the place of the present one, which is gone when it was `lost`. */
  async #replace(device: string | undefined, lost: boolean): Promise<void> {
    let stream: MediaStream;
    try {
      stream = await this.#ask(device);
    } catch (thrown) {
      if (!lost) throw thrown;
      this.#listener.failed(voiceError('microphone_lost', undefined, thrown));
      this.#listener.changed(undefined, true);
      return;
    }
    if (this.#dropped(stream)) return;
    const old = this.#stream;
    this.#stream = stream;
    await this.#connect(stream);
    if (old !== undefined) this.#stop(old);
    this.#listener.changed(this.device, lost);
  }

  #stop(stream: MediaStream): void {
    if (stream === this.#options.stream) return;
    for (const track of stream.getTracks()) track.stop();
  }

  #isClosed(): boolean {
    return this.#closed;
  }
}
