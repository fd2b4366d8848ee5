// The service and the application in one: the page, its credentials, the streams, and the ear that listens to what the
// page plays. Notes when each frame came and looks into it only afterwards.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { WebSocketServer } from 'ws';

import { Signatures, readFrame } from './wire.mjs';

const PAGES = fileURLToPath(new URL('page/', import.meta.url));
const DIST = fileURLToPath(new URL('../../bindings-wasm/dist/', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const STREAM = '/invoke-with-bidirectional-stream-websocket';
const INPUT_RATE = 16_000;
/** The longest that a page is waited for, ms. */
const PATIENCE_MS = 30_000;

/** One stream of a client: what came when, and a way to send. */
export class Stream {
    #socket;
    #frames = [];
    #signatures;
    /** Frames so far, and samples of the microphone in those that were looked into. */
    count = 0;
    samples = 0;

    constructor(socket, url, secret, keep) {
        this.#socket = socket;
        this.#signatures = new Signatures(url, secret);
        socket.on('message', (bytes) => {
            const at = performance.now();
            this.count += 1;
            this.#frames.push({ at, bytes });
            if (!keep) this.sound();
        });
        socket.on('error', () => {});
        this.send = (frame) => socket.send(frame);
        this.closed = once(socket, 'close');
    }

    /** Whether the client is still there. */
    get open() {
        return this.#socket.readyState === this.#socket.OPEN;
    }

    /** Ends the connection without a word. */
    cut() {
        this.#socket.terminate();
    }

    /**
     * Looks into what came since the last time. Every piece of the microphone's sound: when it came, and when it was due
     * by its own length, in ms. Throws when a signature is wrong or a frame is missing, for then the client has not done
     * its work.
     */
    sound() {
        const pieces = [];
        for (const { at, bytes } of this.#frames.splice(0)) {
            const frame = readFrame(bytes);
            if (!this.#signatures.accept(frame)) throw new Error('a frame has a wrong signature, or one is missing');
            const content = frame.event?.audioInput?.content;
            if (content === undefined) continue;
            this.samples += Buffer.byteLength(content, 'base64') / 2;
            pieces.push({ at, due: (this.samples * 1000) / INPUT_RATE });
        }
        return pieces;
    }
}

/** The microphone's sound as it is, in samples of four bytes: what came when. */
export class BareStream {
    #pieces = [];

    constructor(socket, rate) {
        let samples = 0;
        socket.on('message', (bytes) => {
            samples += bytes.length / 4;
            this.#pieces.push({ at: performance.now(), due: (samples * 1000) / rate });
        });
        socket.on('error', () => {});
    }

    /** As {@link Stream.sound}. */
    sound() {
        return this.#pieces.splice(0);
    }
}

/** Starts the server. `modules` are further files of the page: names and their text. */
export async function startServer(modules = {}) {
    const keys = certificate();
    const credentials = {
        accessKeyId: 'ASIABENCHBENCHBENCH1',
        secretAccessKey: 'NobodysSecretForAServiceThatIsNone/12345',
        sessionToken: 'x'.repeat(700),
        region: 'us-east-1',
        modelId: 'amazon.nova-2-sonic-v1:0',
    };
    const server = createServer(keys, (request, response) => void answer(request, response));
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    const waiting = [];
    const arrived = [];
    const bench = {
        /** Whether the frames of streams to come are kept, to be looked into later, or looked into as they come. */
        keep: true,
        /** Told what the ear heard: `{ at, value }` of the server's clock and the sample that sounds from then on. */
        heard: () => {},
        /** The next stream that a client opens. */
        async stream() {
            if (arrived.length > 0) return arrived.shift();
            let timer;
            const late = new Promise((_, reject) => {
                timer = setTimeout(() => reject(new Error('the page opened no stream')), PATIENCE_MS);
            });
            const next = new Promise((resolve) => waiting.push(resolve));
            return Promise.race([next, late]).finally(() => clearTimeout(timer));
        },
        close() {
            for (const client of sockets.clients) client.terminate();
            server.closeAllConnections();
            server.close();
        },
    };

    function arrive(stream) {
        const next = waiting.shift();
        if (next === undefined) arrived.push(stream);
        else next(stream);
    }

    async function answer(request, response) {
        const { pathname } = new URL(request.url, 'https://localhost');
        if (pathname === '/grant') {
            const iso = (ms) => new Date(Date.now() + ms).toISOString().replace(/\.\d+/, '');
            const dates = { serverTime: iso(0), openBefore: iso(390_000), expiration: iso(3_600_000) };
            response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ ...credentials, ...dates }));
            return;
        }
        const name = pathname === '/' ? 'index.html' : pathname.slice(1);
        const file = name.startsWith('dist/') ? join(DIST, normalize(name.slice(5))) : join(PAGES, normalize(name));
        const text = modules[name] ?? (await readFile(file).catch(() => undefined));
        if (text === undefined) response.writeHead(404).end();
        else response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'text/plain' }).end(text);
    }

    server.on('upgrade', (request, socket, head) => {
        socket.setNoDelay(true);
        sockets.handleUpgrade(request, socket, head, (client) => {
            const { pathname, searchParams } = new URL(request.url, 'https://localhost');
            if (pathname.endsWith(STREAM)) {
                arrive(new Stream(client, request.url, credentials.secretAccessKey, bench.keep));
            } else if (pathname === '/floor') {
                arrive(new BareStream(client, Number(searchParams.get('rate'))));
            } else {
                client.on('message', (text) => bench.heard({ at: performance.now(), ...JSON.parse(text) }));
            }
        });
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    bench.origin = `https://localhost:${server.address().port}`;
    return bench;
}

/** A key and a certificate for this run alone. */
function certificate() {
    const made = execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', '-', '-out', '-'],
        { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    return { key: made, cert: made };
}
