// Session scripts, played through the engine over the direct path. `tests/vectors/README.md` has their format.
//
// The engine differs from a bare session in one thing: what is to be sent waits for the connection. So what a script
// sends before it is expected when the connection is there, and not at all when it never comes.

import { readClientEvent, serverEvent, serverException } from './frames.js';
import { Engine, drained, seed } from './engine.js';
import { grant } from './grants.js';
import { longText } from './vectors.js';

const SETTINGS = {
    system_prompt: 'systemPrompt',
    speech_prompt: 'speechPrompt',
    voice_id: 'voice',
    input_rate: 'inputRate',
    output_rate: 'outputRate',
    max_tokens: 'maxTokens',
    top_p: 'topP',
    temperature: 'temperature',
    speak_first: 'speakFirst',
    microphone: 'microphone',
    playback: 'playback',
    tool_choice: 'toolChoice',
};
const LIMITS = {
    open_ms: 'openMs',
    close_ms: 'closeMs',
    frame_ms: 'frameMs',
    gap_ms: 'gapMs',
    keep_alive_ms: 'keepAliveMs',
    renew_ms: 'renewMs',
    answer_ms: 'answerMs',
    tool_ms: 'toolMs',
    idle_ms: 'idleMs',
    life_ms: 'wallMs',
    queued_audio_ms: 'queuedAudioMs',
    recent_audio_ms: 'recentAudioMs',
};

/** Sound that fits into one frame of the service, in samples. */
const MOST_SAMPLES = 240_000;

/** The configuration of a script as the engine takes it, and when its credentials expire. */
export function settings(config) {
    const read = { playback: 'assumed', limits: {} };
    let expiry;
    for (const [name, value] of Object.entries(config)) {
        if (name in SETTINGS) read[SETTINGS[name]] = typeof value === 'object' && value.repeat ? longText(value) : value;
        else if (name === 'endpointing') read.turnDetection = value.toLowerCase();
        else if (name === 'history')
            read.history = value.map(([role, text]) => ({ role: role.toLowerCase(), text: longText(text) }));
        else if (name === 'tools')
            read.tools = value.map(({ name, description = '', schema }) => ({
                name,
                description,
                schema: JSON.stringify(schema),
            }));
        else if (name === 'timing')
            for (const [limit, millis] of Object.entries(value)) {
                if (limit === 'credentials_expire_at_ms') expiry = millis;
                else if (limit in LIMITS) read.limits[LIMITS[limit]] = millis;
                else throw new Error(`no time is called ${limit}`);
            }
        else throw new Error(`no setting is called ${name}`);
    }
    return { config: JSON.stringify(read), expiry };
}

/** Plays a script: `{ expected, came }` for each step, both as far as the engine shows them. */
export function play(script) {
    const { config, expiry } = settings(script.config);
    const start = script.starts_at_ms ?? 0;
    const engine = new Engine(config, seed(script.seed), start);
    engine.openDirect(grant(expiry === undefined ? {} : { lifetime: expiry - start }), 0);
    const stage = new Stage(engine, script);
    const results = script.steps.map((step) => stage.step(step));
    engine.free();
    return results;
}

class Stage {
    #engine;
    #outputRate;
    #labels = [];
    #state = 'initializing';
    #isOpen = false;
    #waiting;
    #opening;

    constructor(engine, script) {
        this.#engine = engine;
        this.#outputRate = script.config.output_rate ?? 24_000;
        this.#waiting = [...(script.opening ?? [])];
        this.#opening = script.opening ? 'known' : 'unknown';
    }

    step({ at_ms: at, input, outputs, error, drain, state, next_timeout_in_ms: wait }) {
        const [[name, value]] = Object.entries(input);
        const came = { outputs: [] };
        if (name === 'deadlines') {
            for (let next; (next = this.#engine.nextTimeout()) <= at; ) {
                this.#engine.timeout(next);
                this.#drain(came.outputs);
            }
        } else {
            this.#isOpen ||= name === 'connected' || name === 'received';
            try {
                give(this.#engine, at, name, value);
            } catch (fault) {
                came.error = fault.code;
            }
        }
        if (drain !== false) this.#drain(came.outputs);
        const expected = { outputs: this.#expected(outputs.map(normal)) };
        if (this.#opening === 'unknown' && this.#isOpen) {
            // a script that does not show its opening does not compare it
            came.outputs = came.outputs.slice(-expected.outputs.length || came.outputs.length);
            this.#opening = 'known';
        }
        if (error !== undefined) expected.error = error;
        if (state !== undefined) [expected.state, came.state] = [state, this.#state];
        if (wait !== undefined) {
            const next = this.#engine.nextTimeout();
            [expected.wait, came.wait] = [wait, next === Infinity ? null : Math.floor(next - at + 1e-6)];
        }
        return { at, input, expected, came };
    }

    /** What the engine is to say at a step, where it waits for the connection. */
    #expected(outputs) {
        if (this.#isOpen) return joined([...this.#waiting.splice(0), ...outputs]);
        if (outputs.some((output) => output.end_input)) this.#waiting = [];
        else this.#waiting.push(...outputs.filter((output) => output.send));
        return outputs.filter((output) => !output.send);
    }

    #drain(outputs) {
        for (const found of drained(this.#engine)) {
            const output = this.#described(found);
            if (output === null) continue;
            const last = outputs.at(-1);
            const begun = outputs.find(({ emit, turn }) => emit === 'audio' && output.emit === 'audio' && turn === output.turn);
            if (begun !== undefined) {
                begun.samples += output.samples;
            } else if (output.send === 'audioInput' && last !== undefined && isSame(last, output)) {
                last.times = (last.times ?? 1) + 1;
            } else {
                outputs.push(output);
            }
        }
    }

    #described(found) {
        if (found.endInput) return { end_input: true };
        if (found.sound) {
            const { samples, value } = sound(found.sound);
            return { emit: 'audio', turn: found.turn, rate: this.#outputRate, samples, value };
        }
        if (found.event) {
            if (found.event.type === 'stateChanged') this.#state = found.event.to;
            return told(found.event);
        }
        const event = readClientEvent(found.binary);
        return event === null ? null : sent(event, (name) => this.#label(name));
    }

    #label(name) {
        if (!this.#labels.includes(name)) this.#labels.push(name);
        return `b${this.#labels.indexOf(name) + 1}`;
    }
}

function give(engine, at, name, value) {
    switch (name) {
        case 'connected':
            return engine.connected(at);
        case 'audio':
            return engine.audio(at, new Int16Array(value.samples).fill(value.value));
        case 'text':
            return engine.text(at, longText(value));
        case 'microphone':
            return engine.microphone(at, value);
        case 'played':
            return engine.played(at, value.turn, value.samples);
        case 'interrupt':
            return engine.interrupt(at);
        case 'toolResult':
            return engine.toolResult(at, value.call, 'text' in value ? longText(value.text) : JSON.stringify(value.json));
        case 'toolFailed':
            return engine.toolFailed(at, value.call, longText(value.message));
        case 'received':
            for (const event of received(value)) engine.receivedBinary(at, serverEvent(JSON.stringify({ event })));
            return undefined;
        case 'unreadable':
            return engine.receivedBinary(at, serverEvent(value));
        case 'exception':
            return engine.receivedBinary(at, serverException(value.name, value.message));
        case 'timeout':
            return engine.timeout(at);
        case 'hangup':
            return engine.hangup(at);
        case 'failed':
            return engine.failed(at, value.code, value.message);
        case 'disconnected':
            return engine.disconnected(at, 1000, '');
        default:
            throw new Error(`no input is called ${name}`);
    }
}

/** The event of the service; sound, which a script has as `{"samples":n,"value":v}`, in events that fit into frames. */
function received(event) {
    if (typeof event.audioOutput?.content === 'object') {
        const { samples, value } = event.audioOutput.content;
        const lengths = [];
        for (let left = samples; left > 0 || lengths.length === 0; left -= MOST_SAMPLES) lengths.push(Math.min(left, MOST_SAMPLES));
        return lengths.map((length) => {
            const content = Buffer.from(new Int16Array(length).fill(value).buffer).toString('base64');
            return { audioOutput: { ...event.audioOutput, content } };
        });
    }
    if (typeof event.textOutput?.content === 'object') {
        return [{ textOutput: { ...event.textOutput, content: longText(event.textOutput.content) } }];
    }
    return [event];
}

function sent(event, label) {
    const [[name, body]] = Object.entries(event);
    const described = { send: name };
    if (body.contentName !== undefined) described.block = label(body.contentName);
    switch (name) {
        case 'sessionStart': {
            const { maxTokens = null, topP = null, temperature = null } = body.inferenceConfiguration;
            const endpointing = body.turnDetectionConfiguration?.endpointingSensitivity ?? null;
            return { ...described, max_tokens: maxTokens, top_p: topP, temperature, endpointing };
        }
        case 'promptStart': {
            const { sampleRateHertz: rate, voiceId: voice_id } = body.audioOutputConfiguration;
            const tools = (body.toolConfiguration?.tools ?? []).map(({ toolSpec }) => toolSpec.name);
            const choice = body.toolConfiguration?.toolChoice;
            const tool_choice = choice?.tool ? { tool: choice.tool.name } : choice?.any ? 'any' : 'auto';
            return { ...described, voice_id, rate, tools, tool_choice };
        }
        case 'contentStart': {
            const { type, role, interactive } = body;
            if (type === 'AUDIO') return { ...described, type, rate: body.audioInputConfiguration.sampleRateHertz };
            if (type === 'TOOL') return { ...described, type, call: body.toolResultInputConfiguration.toolUseId };
            return { ...described, type, role, interactive };
        }
        case 'textInput':
            return { ...described, text: shortened(body.content) };
        case 'audioInput': {
            const bytes = Buffer.from(body.content, 'base64');
            return { ...described, ...sound(new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))) };
        }
        case 'toolResult':
            return { ...described, json: JSON.parse(body.content) };
        default:
            return described;
    }
}

function told({ type, ...event }) {
    const described = { emit: type };
    switch (type) {
        case 'transcript':
            return { ...described, ...event, role: event.role.toUpperCase(), text: shortened(event.text) };
        case 'interrupted':
            return { ...described, turn: event.turn, heard_ms: event.heardMs, text: shortened(event.text) };
        case 'toolCall':
            return { ...described, call: event.id, name: event.name, input: event.input };
        case 'error':
            return { ...described, error: { code: event.code, message: event.message } };
        case 'closed':
            return { ...described, reason: event.reason, ...(event.message === undefined ? {} : { message: event.message }) };
        default:
            return { ...described, ...event };
    }
}

/** An output as the engine shows it: a call's arguments are a value where a script has their text. */
function normal(output) {
    if (output.emit !== 'toolCall') return output;
    try {
        return { ...output, input: JSON.parse(output.input) };
    } catch {
        return output;
    }
}

/** A long text of one character as the scripts have it. */
function shortened(text) {
    const [first] = text;
    const isOne = text.length > 200 && [...text].every((letter) => letter === first);
    return isOne ? { repeat: first, times: text.length } : text;
}

function sound(samples) {
    const value = samples[0] ?? 0;
    if (samples.some((sample) => sample !== value)) throw new Error("a script's sound is all of one value");
    return { samples: samples.length, value };
}

/** Outputs in which sound that repeats itself across two lists is counted together. */
function joined(outputs) {
    const merged = [];
    for (const output of outputs) {
        const last = merged.at(-1);
        const { times = 1, ...once } = output;
        if (output.send === 'audioInput' && last !== undefined && isSame(last, once)) last.times = (last.times ?? 1) + times;
        else merged.push({ ...output });
    }
    return merged;
}

function isSame({ times: _, ...one }, { times: __, ...other }) {
    return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
}
