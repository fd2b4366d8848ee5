// The same page as one writes it with the AWS SDK for JavaScript: microphone and loudspeaker are the package's own worklets,
// so that nothing differs but who encodes, signs and sends, and on which thread.

import { MICROPHONE } from './microphone.js';
import { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from './sdk-bundle.js';

const INPUT_RATE = 16_000;
const OUTPUT_RATE = 24_000;
const MODEL = 'amazon.nova-2-sonic-v1:0';
const PROMPT = { promptName: 'prompt' };
const SYSTEM = { ...PROMPT, contentName: 'system' };
const AUDIO = { ...PROMPT, contentName: 'audio' };

/** Opens a conversation that plays through `playback`, or a context of its own; answers how to end it. */
export async function converse(playback) {
    const { expiration, region, ...credentials } = await (await fetch('/grant')).json();
    const client = new BedrockRuntimeClient({
        region,
        endpoint: location.origin,
        credentials: { ...credentials, expiration: new Date(expiration) },
    });
    const player = await loudspeaker(playback);
    const input = new Input();
    for (const event of opening()) input.send(event);
    const stopMicrophone = await microphone((samples) => {
        input.send({ audioInput: { ...AUDIO, content: base64(samples) } });
    });
    const errors = [];
    const { body } = await client.send(new InvokeModelWithBidirectionalStreamCommand({ modelId: MODEL, body: input }));
    const over = receive(body, player).catch((error) => errors.push(error.name));
    return {
        errors,
        statistics: player.statistics,
        async close() {
            await stopMicrophone();
            input.end();
            await over;
            client.destroy();
        },
    };
}

/** The stream's input: events as they come, until there are no more. */
class Input {
    #waiting = [];
    #ended = false;
    #wake = () => {};
    #encoder = new TextEncoder();

    send(event) {
        this.#waiting.push({ chunk: { bytes: this.#encoder.encode(JSON.stringify({ event })) } });
        this.#wake();
    }

    end() {
        this.#ended = true;
        this.#wake();
    }

    async *[Symbol.asyncIterator]() {
        for (;;) {
            while (this.#waiting.length > 0) yield this.#waiting.shift();
            if (this.#ended) return;
            await new Promise((resolve) => (this.#wake = resolve));
        }
    }
}

async function microphone(take) {
    const context = new AudioContext({ latencyHint: 'interactive', sampleRate: INPUT_RATE });
    await context.audioWorklet.addModule('dist/capture.js');
    const stream = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
    const worklet = new AudioWorkletNode(context, 'nova-sonic-capture', { numberOfOutputs: 0 });
    worklet.port.onmessage = ({ data: { samples } }) => {
        take(Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, sample * 32768))));
        worklet.port.postMessage(samples, [samples.buffer]);
    };
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(worklet);
    return async () => {
        for (const track of stream.getTracks()) track.stop();
        await context.close();
    };
}

async function loudspeaker(playback) {
    const context = playback?.context ?? new AudioContext({ latencyHint: 'interactive', sampleRate: OUTPUT_RATE });
    await context.audioWorklet.addModule('dist/playback.js');
    const worklet = new AudioWorkletNode(context, 'nova-sonic-playback', {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { rate: OUTPUT_RATE, bufferMs: 60 },
    });
    worklet.connect(playback?.destination ?? context.destination);
    let last = { underruns: 0, gapMs: 0 };
    worklet.port.onmessage = ({ data }) => {
        if (data.type === 'statistics') last = data.statistics;
    };
    return {
        statistics: () => last,
        play(turn, samples) {
            worklet.port.postMessage({ type: 'sound', turn, samples, length: samples.length }, [samples.buffer]);
        },
        flush: (turn) => worklet.port.postMessage({ type: 'flush', turn }),
    };
}

async function receive(body, player) {
    const decoder = new TextDecoder();
    let turn = 1;
    for await (const part of body) {
        if (part.chunk?.bytes === undefined) continue;
        const { event } = JSON.parse(decoder.decode(part.chunk.bytes));
        if (event.audioOutput) {
            const bytes = Uint8Array.from(atob(event.audioOutput.content), (letter) => letter.charCodeAt(0));
            player.play(turn, new Int16Array(bytes.buffer));
        } else if (event.textOutput?.content.includes('"interrupted"')) {
            player.flush(turn);
            turn += 1;
        } else if (event.contentEnd?.type === 'AUDIO' && event.contentEnd.stopReason === 'END_TURN') {
            turn += 1;
        }
    }
}

function base64(samples) {
    return btoa(String.fromCharCode(...new Uint8Array(samples.buffer)));
}

function opening() {
    const text = { textInputConfiguration: { mediaType: 'text/plain' } };
    const sound = { mediaType: 'audio/lpcm', sampleSizeBits: 16, channelCount: 1, encoding: 'base64', audioType: 'SPEECH' };
    return [
        { sessionStart: { inferenceConfiguration: { maxTokens: 1024, topP: 0.9, temperature: 0.7 } } },
        {
            promptStart: {
                ...PROMPT,
                textOutputConfiguration: { mediaType: 'text/plain' },
                audioOutputConfiguration: { ...sound, sampleRateHertz: OUTPUT_RATE, voiceId: 'tiffany' },
            },
        },
        { contentStart: { ...SYSTEM, type: 'TEXT', interactive: false, role: 'SYSTEM', ...text } },
        { textInput: { ...SYSTEM, content: 'You tell stories.' } },
        { contentEnd: SYSTEM },
        {
            contentStart: {
                ...AUDIO,
                type: 'AUDIO',
                interactive: true,
                role: 'USER',
                audioInputConfiguration: { ...sound, sampleRateHertz: INPUT_RATE },
            },
        },
    ];
}
