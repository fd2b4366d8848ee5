// Conversations held by the AWS SDK for JavaScript, as its user writes them.

import { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from '@aws-sdk/client-bedrock-runtime';

import { FRAME, KEYS, measure } from './measure.mjs';

const PROMPT = { promptName: 'prompt-1' };
const AUDIO = { ...PROMPT, contentName: 'audio-1' };
const sound = (sampleRateHertz) => ({
    mediaType: 'audio/lpcm',
    sampleRateHertz,
    sampleSizeBits: 16,
    channelCount: 1,
    encoding: 'base64',
    audioType: 'SPEECH',
});

/** The events of one stream, as they come. */
class Outgoing {
    #waiting = [];
    #wake = () => {};

    send(event) {
        this.#waiting.push({ chunk: { bytes: Buffer.from(JSON.stringify({ event })) } });
        this.#wake();
    }

    async *[Symbol.asyncIterator]() {
        for (;;) {
            while (this.#waiting.length > 0) yield this.#waiting.shift();
            await new Promise((resolve) => (this.#wake = resolve));
        }
    }
}

await measure(async ({ port }, count) => {
    const client = new BedrockRuntimeClient({
        endpoint: `https://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: KEYS,
    });
    const outgoing = new Outgoing();
    const system = { ...PROMPT, contentName: 'system-1' };
    const textInputConfiguration = { mediaType: 'text/plain' };
    outgoing.send({ sessionStart: { inferenceConfiguration: { maxTokens: 1024, topP: 0.9, temperature: 0.7 } } });
    outgoing.send({ promptStart: { ...PROMPT, audioOutputConfiguration: { ...sound(24_000), voiceId: 'tiffany' } } });
    outgoing.send({ contentStart: { ...system, type: 'TEXT', interactive: false, role: 'SYSTEM', textInputConfiguration } });
    outgoing.send({ textInput: { ...system, content: 'You tell stories.' } });
    outgoing.send({ contentEnd: system });
    outgoing.send({ contentStart: { ...AUDIO, type: 'AUDIO', interactive: true, role: 'USER', audioInputConfiguration: sound(16_000) } });
    const command = new InvokeModelWithBidirectionalStreamCommand({ modelId: 'amazon.nova-2-sonic-v1:0', body: outgoing });
    const { body } = await client.send(command);
    void (async () => {
        let samples = 0;
        for await (const { chunk } of body) {
            const { event } = JSON.parse(Buffer.from(chunk.bytes).toString());
            if (event.audioOutput === undefined) continue;
            // as numbers, which is what an application wants
            const pcm = Buffer.from(event.audioOutput.content, 'base64');
            samples += new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length)).length;
            count.received += 1;
        }
        return samples;
    })();
    return () => outgoing.send({ audioInput: { ...AUDIO, content: FRAME.toString('base64') } });
});
