// What is plugged in, and what happens to it.

import type { AudioDevice, AudioDevices } from '../types.js';

/** The lists, as far as the browser tells. */
export async function listDevices(): Promise<AudioDevices> {
  const devices = await mediaDevices()?.enumerateDevices();
  const of = (kind: MediaDeviceKind): AudioDevice[] =>
    (devices ?? [])
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map(({ deviceId, label, groupId }) => ({ id: deviceId, label, groupId }));
  return { inputs: of('audioinput'), outputs: of('audiooutput') };
}

/** Whether the user has allowed the microphone before; `false` where the browser does not tell. */
export async function allowedBefore(): Promise<boolean> {
  try {
    // older types do not know this name, nor do older browsers
    const { state } = await navigator.permissions.query({ name: 'microphone' as PermissionName });
    return state === 'granted';
  } catch {
    return false;
  }
}

/** Calls back with the new lists when something is plugged in or out; the function returned ends that. */
export function watchDevices(changed: (devices: AudioDevices) => void): () => void {
  const devices = mediaDevices();
  const list = (): void => void listDevices().then(changed);
  devices?.addEventListener('devicechange', list);
  return () => devices?.removeEventListener('devicechange', list);
}

/** Missing on pages that are not secure, whatever the types say. */
export function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined;
}
