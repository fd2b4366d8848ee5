// Both ends of a conversation's sound: the microphone and the loudspeaker, as far as the page leaves them to the session.

import type { VoiceError } from '../errors.js';
import type { VoiceSessionOptions } from '../options.js';
import type { AudioDevice } from '../types.js';
import { Loudspeaker } from './loudspeaker.js';
import { spectrum } from './meter.js';
import { Microphone } from './microphone.js';
import { OUTPUT_RATE } from './setup.js';

/** Who wants to know. */
export interface SoundListener {
  /** The microphone's sound comes through this port from now on, at this rate. */
  capture(port: MessagePort, rate: number): void;
  /** Another microphone is in use. */
  inputChanged(device: AudioDevice | undefined, lost: boolean): void;
  failed(error: VoiceError): void;
}

export class Sound {
  readonly #microphone: Microphone | undefined;
  readonly #loudspeaker: Loudspeaker | undefined;

  /** Makes and unlocks the audio contexts, so it belongs into the user's gesture. */
  constructor(options: VoiceSessionOptions, volume: number, listener: SoundListener) {
    const { capture = true, playback = true, audioConstraints, inputDevice, outputDevice, assets } = options;
    const failed = (error: VoiceError): void => listener.failed(error);
    if (playback !== false && playback !== 'reported') {
      const own = playback === true ? undefined : playback;
      this.#loudspeaker = new Loudspeaker(
        { playback: own, rate: OUTPUT_RATE, volume, device: outputDevice, assets },
        failed,
      );
    }
    if (capture !== false) {
      const stream = typeof capture === 'object' ? capture : undefined;
      this.#microphone = new Microphone(
        { constraints: audioConstraints, device: inputDevice, stream, assets },
        {
          connected: (port, rate) => listener.capture(port, rate),
          changed: (device, lost) => listener.inputChanged(device, lost),
          failed,
        },
      );
    }
  }

  /** Opens the microphone; rejects with a typed error. */
  async openMicrophone(): Promise<void> {
    await this.#microphone?.open();
  }

  /** The port that plays what is sent through it. */
  async openLoudspeaker(): Promise<MessagePort | undefined> {
    return await this.#loudspeaker?.open();
  }

  /** Whether the browser lets the page make sound; waits a moment for it. */
  async runs(): Promise<boolean> {
    return (await this.#loudspeaker?.runs()) !== false;
  }

  /** How long a rendered sample takes to the ear, seconds. */
  get latency(): number | undefined {
    return this.#loudspeaker?.latency;
  }

  get inputLevel(): number {
    return this.#microphone?.meter?.level ?? 0;
  }

  get outputLevel(): number {
    return this.#loudspeaker?.meter.level ?? 0;
  }

  inputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return spectrum(this.#microphone?.meter, bins);
  }

  outputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return spectrum(this.#loudspeaker?.meter, bins);
  }

  get inputDevice(): AudioDevice | undefined {
    return this.#microphone?.device;
  }

  get outputDevice(): AudioDevice | undefined {
    return this.#loudspeaker?.device;
  }

  /** Lets the microphone's sound through, or gives silence. */
  enable(enabled: boolean): void {
    this.#microphone?.enable(enabled);
  }

  setVolume(volume: number): void {
    this.#loudspeaker?.setVolume(volume);
  }

  async useInput(id: string | undefined): Promise<void> {
    await this.#microphone?.use(id);
  }

  async useOutput(id: string | undefined): Promise<void> {
    await this.#loudspeaker?.use(id);
  }

  async closeMicrophone(): Promise<void> {
    await this.#microphone?.close();
  }

  async closeLoudspeaker(): Promise<void> {
    await this.#loudspeaker?.close();
  }
}
