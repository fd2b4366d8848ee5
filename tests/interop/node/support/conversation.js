// One conversation, held with any client of the SDK: the events that go up, and what came back.

/** 32 ms of 16-bit sound at 16 kHz. */
const FRAME_BYTES = 1024;
/** Long enough for the least sensitive setting to call it the end of a turn. */
const SILENT_FRAMES = 75;

const MODEL = 'amazon.nova-2-sonic-v1:0';
const PROMPT = 'prompt-1';
const AUDIO = 'audio-1';

/**
 * Says `sound` to the model, answers its tool calls with `tool`, and ends in order when its turn is over.
 *
 * `Command` is the SDK's InvokeModelWithBidirectionalStreamCommand, from whichever build `client` comes.
 * A browser's stream ends with its input, so the input is held back until the answer has come; Node's stream
 * goes on to the service's last event.
 */
export async function converse(client, Command, { sound, tools = {}, modelId = MODEL, systemPrompt = 'You tell stories.' }) {
    const heard = { transcript: [], audioBytes: 0, calls: [], usage: { input: 0, output: 0 }, stopReasons: [], events: [] };
    const outgoing = new Outgoing();
    for (const event of opening(systemPrompt, Object.keys(tools))) outgoing.send(event);
    for (const event of speech(sound)) outgoing.send(event);

    const { body } = await client.send(new Command({ modelId, body: outgoing }));
    try {
        for await (const part of body) {
            if (part.chunk?.bytes) {
                receive(JSON.parse(new TextDecoder().decode(part.chunk.bytes)).event, heard, outgoing, tools);
            }
        }
    } catch (error) {
        // what came before the fault counts
        error.heard = heard;
        throw error;
    } finally {
        outgoing.end();
    }
    return heard;
}

function receive(event, heard, outgoing, tools) {
    const [[name, content]] = Object.entries(event);
    heard.events.push(name);
    if (name === 'contentStart') {
        const stage = JSON.parse(content.additionalModelFields ?? '{}').generationStage;
        heard.block = { role: content.role, stage, type: content.type };
    } else if (name === 'textOutput') {
        heard.transcript.push({ role: content.role, stage: heard.block.stage, text: content.content });
    } else if (name === 'audioOutput') {
        heard.audioBytes += atob(content.content).length;
    } else if (name === 'usageEvent') {
        // now and then the service leaves the details out
        const { input, output } = content.details?.delta ?? {};
        heard.usage.input += input?.speechTokens ?? 0;
        heard.usage.output += output?.speechTokens ?? 0;
    } else if (name === 'toolUse') {
        const input = JSON.parse(content.content);
        heard.calls.push({ name: content.toolName, input });
        // the turn goes on with what the tool finds
        heard.turnOver = false;
        const result = tools[content.toolName](input);
        for (const answer of toolResult(content.toolUseId, result)) outgoing.send(answer);
    } else if (name === 'contentEnd') {
        heard.stopReasons.push(content.stopReason);
        if (content.type === 'AUDIO' && content.stopReason === 'END_TURN') heard.turnOver = true;
        if (heard.turnOver && spokenAsPlanned(heard)) {
            for (const last of closing()) outgoing.send(last);
            outgoing.end();
        }
    }
}

/** Whether every sentence that was planned has been reported as spoken; that comes after its sound. */
function spokenAsPlanned({ transcript }) {
    const count = (stage) => transcript.filter((line) => line.role === 'ASSISTANT' && line.stage === stage).length;
    return count('FINAL') === count('SPECULATIVE');
}

/** The input of the stream: events are sent as they come, until there are no more. */
class Outgoing {
    #waiting = [];
    #ended = false;
    #wake = () => {};

    send(event) {
        this.#waiting.push({ chunk: { bytes: new TextEncoder().encode(JSON.stringify({ event })) } });
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

function opening(systemPrompt, toolNames) {
    const prompt = { promptName: PROMPT, contentName: 'system-1' };
    const start = {
        promptName: PROMPT,
        textOutputConfiguration: { mediaType: 'text/plain' },
        audioOutputConfiguration: { ...sound(24_000), voiceId: 'tiffany' },
    };
    if (toolNames.length > 0) {
        start.toolUseOutputConfiguration = { mediaType: 'application/json' };
        const json = JSON.stringify({ type: 'object', properties: {} });
        start.toolConfiguration = {
            tools: toolNames.map((name) => ({ toolSpec: { name, description: 'A tool.', inputSchema: { json } } })),
        };
    }
    const textInputConfiguration = { mediaType: 'text/plain' };
    return [
        { sessionStart: { inferenceConfiguration: { maxTokens: 1024, topP: 0.9, temperature: 0.7 } } },
        { promptStart: start },
        { contentStart: { ...prompt, type: 'TEXT', interactive: false, role: 'SYSTEM', textInputConfiguration } },
        { textInput: { ...prompt, content: systemPrompt } },
        { contentEnd: prompt },
    ];
}

function sound(sampleRateHertz) {
    return {
        mediaType: 'audio/lpcm',
        sampleRateHertz,
        sampleSizeBits: 16,
        channelCount: 1,
        encoding: 'base64',
        audioType: 'SPEECH',
    };
}

function* speech(pcm) {
    const block = { promptName: PROMPT, contentName: AUDIO };
    yield {
        contentStart: { ...block, type: 'AUDIO', interactive: true, role: 'USER', audioInputConfiguration: sound(16_000) },
    };
    for (let at = 0; at < pcm.length; at += FRAME_BYTES) {
        yield { audioInput: { ...block, content: Buffer.from(pcm.subarray(at, at + FRAME_BYTES)).toString('base64') } };
    }
    const silence = Buffer.alloc(FRAME_BYTES).toString('base64');
    for (let frame = 0; frame < SILENT_FRAMES; frame += 1) yield { audioInput: { ...block, content: silence } };
}

function toolResult(toolUseId, result) {
    const block = { promptName: PROMPT, contentName: `result-${toolUseId}` };
    const toolResultInputConfiguration = {
        toolUseId,
        type: 'TEXT',
        textInputConfiguration: { mediaType: 'text/plain' },
    };
    return [
        { contentStart: { ...block, type: 'TOOL', interactive: false, role: 'TOOL', toolResultInputConfiguration } },
        { toolResult: { ...block, content: JSON.stringify(result) } },
        { contentEnd: block },
    ];
}

function closing() {
    return [
        { contentEnd: { promptName: PROMPT, contentName: AUDIO } },
        { promptEnd: { promptName: PROMPT } },
        { sessionEnd: {} },
    ];
}
