// A page that speaks `nova-sonic.relay.v1`, as the browser package does.

import { once } from 'node:events';

import { WebSocket } from 'ws';

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

/** One page with its socket: what came, and what it says. */
export class Page {
    events = [];
    controls = [];
    bytes = 0;
    #waiting = [];

    /** Opens the socket; `user` is whom the application takes it for. */
    constructor(t, url, { user = 'ada', headers = {}, protocols = ['nova-sonic.relay.v1'] } = {}) {
        this.socket = new WebSocket(url, protocols, { headers: { ...(user && { 'X-User': user }), ...headers } });
        this.socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
        this.socket.on('error', () => {});
        this.closed = new Promise((resolve) => {
            this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
        });
        t.after(() => this.socket.terminate());
    }

    #receive(data, isBinary) {
        if (isBinary) this.bytes += data.length;
        else {
            const message = JSON.parse(data);
            if (message.relay !== undefined) this.controls.push(message.relay);
            else this.events.push(Object.entries(message.event)[0]);
        }
        this.#waiting = this.#waiting.filter((look) => !look());
    }

    /** Settles as soon as `found()` is something, with that. */
    until(found, what, patienceMs = 20_000) {
        return new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`never came: ${what}`)), patienceMs);
            const look = () => {
                const it = found();
                if (it === undefined || it === false) return false;
                clearTimeout(late);
                resolve(it);
                return true;
            };
            if (!look()) this.#waiting.push(look);
        });
    }

    /** The words of one side, as the service has told them in full. */
    words(role) {
        let stage;
        let words = '';
        for (const [name, event] of this.events) {
            if (name === 'contentStart') stage = JSON.parse(event.additionalModelFields ?? '{}').generationStage;
            if (name === 'textOutput' && event.role === role && stage !== 'SPECULATIVE') words += event.content;
        }
        return words;
    }

    send(name, event) {
        this.socket.send(JSON.stringify({ event: { [name]: event } }));
    }

    /** Opens the conversation as a browser does. */
    async open({ systemPrompt = 'You are a pirate.', voiceId = 'tiffany', tools = [] } = {}) {
        await once(this.socket, 'open');
        this.send('sessionStart', { inferenceConfiguration: { maxTokens: 1024, topP: 0.9, temperature: 0.7 } });
        this.send('promptStart', {
            ...PROMPT,
            textOutputConfiguration: { mediaType: 'text/plain' },
            audioOutputConfiguration: { ...sound(24_000), voiceId },
            toolUseOutputConfiguration: { mediaType: 'application/json' },
            ...(tools.length > 0 && { toolConfiguration: { tools } }),
        });
        const system = { ...PROMPT, contentName: 'system-1' };
        const textInputConfiguration = { mediaType: 'text/plain' };
        this.send('contentStart', { ...system, type: 'TEXT', interactive: false, role: 'SYSTEM', textInputConfiguration });
        this.send('textInput', { ...system, content: systemPrompt });
        this.send('contentEnd', system);
        this.send('contentStart', { ...AUDIO, type: 'AUDIO', interactive: true, role: 'USER', audioInputConfiguration: sound(16_000) });
    }

    /** Types something, to be answered like speech. */
    write(content) {
        const text = { ...PROMPT, contentName: 'text-1' };
        const textInputConfiguration = { mediaType: 'text/plain' };
        this.send('contentStart', { ...text, type: 'TEXT', interactive: true, role: 'USER', textInputConfiguration });
        this.send('textInput', { ...text, content });
        this.send('contentEnd', text);
    }

    /** Says these samples, and then nothing for two seconds. */
    say(pcm) {
        for (let at = 0; at < pcm.length; at += 1024) this.socket.send(pcm.subarray(at, at + 1024));
        for (let frame = 0; frame < 63; frame += 1) this.socket.send(Buffer.alloc(1024));
    }

    /** Says goodbye in order. */
    end() {
        this.send('contentEnd', AUDIO);
        this.send('promptEnd', PROMPT);
        this.send('sessionEnd', {});
    }
}
