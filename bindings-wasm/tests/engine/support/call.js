// One conversation over a real socket: what the Worker of the package does, in a few lines.

import { WebSocket } from 'ws';

import { Engine, drained } from './engine.js';

/** 32 ms at 16 kHz. */
const FRAME = 512;
const FRAME_MS = 32;

/** A conversation that is opened by `open(engine)`, which answers the socket's URL and, for the relay, its sub-protocol. */
export class Call {
    #engine;
    #socket;
    #waiters = [];
    #timer;
    /** Every event that the application was told, in order. */
    events = [];
    /** Samples heard, by turn. */
    heard = new Map();

    constructor(engine, { url, protocol }) {
        this.#engine = engine;
        this.#socket = new WebSocket(url, protocol);
        this.#socket.binaryType = 'nodebuffer';
        this.#socket.on('open', () => this.#with((now) => engine.connected(now)));
        this.#socket.on('message', (data, isBinary) =>
            this.#with((now) => (isBinary ? engine.receivedBinary(now, data) : engine.receivedText(now, data.toString()))),
        );
        this.#socket.on('close', (code, reason) => this.#with((now) => engine.disconnected(now, code, reason.toString())));
        // what is wrong is said by the close that follows
        this.#socket.on('error', () => {});
        this.#turn();
    }

    /** Straight to `endpoint` with the bytes of a grant. */
    static direct(config, grant, endpoint) {
        const engine = newEngine(config);
        return new Call(engine, { url: engine.openDirect(grant, Date.now(), endpoint) });
    }

    /** Through the relay at `url`. */
    static relayed(config, url) {
        const engine = newEngine(config);
        engine.openRelay();
        return new Call(engine, { url, protocol: 'nova-sonic.relay.v1' });
    }

    /** The conversation that goes on with this one through the relay at `url`. */
    succeededBy(config, url) {
        const engine = new Engine(JSON.stringify(config), randomBytes(), performance.now(), this.#engine);
        engine.openRelay();
        return new Call(engine, { url, protocol: 'nova-sonic.relay.v1' });
    }

    /** Does something with the engine, `(engine, now)`, and then what follows from it. */
    do(action) {
        this.#with((now) => action(this.#engine, now));
    }

    /** Says recorded samples in real time. */
    async say(samples) {
        const start = performance.now();
        for (let at = 0; at < samples.length; at += FRAME) {
            const due = start + (at / FRAME) * FRAME_MS;
            await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
            this.do((engine, now) => engine.audio(now, samples.subarray(at, at + FRAME)));
        }
    }

    /** The first event, from now or before, that `wanted` says yes to; at the end of the conversation an error. */
    event(wanted) {
        return new Promise((resolve, reject) => {
            const look = () => {
                const found = this.events.find(wanted);
                if (found !== undefined) resolve(found);
                else if (this.events.at(-1)?.type === 'closed') reject(new Error(JSON.stringify(this.events.at(-1))));
                else return false;
                return true;
            };
            if (!look()) this.#waiters.push(look);
        });
    }

    /** The final words of one side so far. */
    words(role) {
        const lines = this.events.filter((event) => event.type === 'transcript' && event.role === role);
        return lines.filter(({ stage }) => stage === 'final').map(({ text }) => text).join('');
    }

    end() {
        clearTimeout(this.#timer);
        this.#socket.terminate();
    }

    #with(action) {
        action(performance.now());
        this.#turn();
    }

    #turn() {
        const now = performance.now();
        for (const found of drained(this.#engine, Date.now())) {
            if (found.binary !== undefined) this.#send(found.binary);
            else if (found.text !== undefined) this.#send(found.text);
            else if (found.event !== undefined) this.events.push(found.event);
            else if (found.sound !== undefined) this.#hear(found, now);
        }
        if (this.events.at(-1)?.type === 'closed') this.#socket.close(1000);
        this.#waiters = this.#waiters.filter((look) => !look());
        clearTimeout(this.#timer);
        const next = this.#engine.nextTimeout();
        if (next === Infinity) return;
        this.#timer = setTimeout(() => this.#with((now) => this.#engine.timeout(now)), Math.max(0, Math.ceil(next - now)));
    }

    #send(message) {
        if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    }

    /** A loudspeaker that plays everything at once. */
    #hear({ sound, turn }, now) {
        const played = (this.heard.get(turn) ?? 0) + sound.length;
        this.heard.set(turn, played);
        this.#engine.played(now, turn, played);
    }
}

function newEngine(config) {
    return new Engine(JSON.stringify(config), randomBytes(), performance.now());
}

function randomBytes() {
    return crypto.getRandomValues(new Uint8Array(32));
}
