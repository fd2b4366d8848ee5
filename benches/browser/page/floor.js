// The least that a microphone's sound passes through on its way: worklet, worker, socket. Nothing is resampled, encoded or
// signed, and nothing is played. What is late here no client could send in time.

import { MICROPHONE } from './microphone.js';

/** Opens a way for the microphone's sound; answers how to end it. */
export async function converse() {
    const context = new AudioContext({ latencyHint: 'interactive' });
    await context.audioWorklet.addModule('dist/capture.js');
    const stream = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
    const worklet = new AudioWorkletNode(context, 'nova-sonic-capture', { numberOfOutputs: 0 });
    const worker = new Worker(new URL('floor-worker.js', import.meta.url));
    worker.postMessage({ port: worklet.port, rate: context.sampleRate }, [worklet.port]);
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(worklet);
    return {
        errors: [],
        async close() {
            for (const track of stream.getTracks()) track.stop();
            await context.close();
            worker.terminate();
        },
    };
}
