// What `getUserMedia` rejects with, and what that means. Source: Media Capture and Streams, 10.2.

import { voiceError, type VoiceError } from '../errors.js';

interface PolicyDocument {
  readonly permissionsPolicy?: { allowsFeature(feature: string): boolean };
  readonly featurePolicy?: { allowsFeature(feature: string): boolean };
}

/** The typed error of something that `getUserMedia` threw. */
export function microphoneError(thrown: unknown): VoiceError {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return voiceError(forbiddenByPolicy() ? 'policy_blocked' : 'microphone_denied', undefined, thrown);
    case 'NotFoundError':
      return voiceError('microphone_missing', undefined, thrown);
    // the system or another program has it: Windows and Firefox say so, Linux and macOS share it
    case 'NotReadableError':
    case 'AbortError':
      return voiceError('microphone_busy', undefined, thrown);
    case 'OverconstrainedError':
      return voiceError('microphone_unsuitable', undefined, thrown);
    case 'TypeError':
      return voiceError('configuration_invalid', 'option audioConstraints is not valid', thrown);
    default:
      return voiceError('internal', `the microphone failed: ${name}`, thrown);
  }
}

/** Chromium tells whether the page or its frame is to blame; other browsers do not. */
function forbiddenByPolicy(): boolean {
  const { permissionsPolicy, featurePolicy } = document as unknown as PolicyDocument;
  const policy = permissionsPolicy ?? featurePolicy;
  return policy?.allowsFeature('microphone') === false;
}
