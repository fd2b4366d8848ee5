/** What the package asks of a microphone, for those that are compared with it. */
export const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
