// Clients that lie, send garbage, flood, or stall: each harms only itself, whichever server it is.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';

import { Page } from '../../../bindings-node/tests/support/page.mjs';
import { startProxy } from '../../browser/support/proxy.js';
import { streams } from '../../browser/support/world.js';
import { startSimulator } from '../../interop/node/support/simulator.js';
import { scratch, until } from './process.js';

/** The model's time runs so much faster. */
const SPEED = 20;
/** How long each sentence lasts: a letter of a sentence without a recording is a fifteenth of a second of a tone. */
const LETTERS = 900;
const SENTENCES = 5;
/** Five minutes, more than all buffers between the two sides hold. */
const ANSWER = { say: Array.from({ length: SENTENCES }, (_, index) => ({ text: `${index}`.padEnd(LETTERS, 'la ') })) };
const ANSWER_BYTES = SENTENCES * LETTERS * (24_000 / 15) * 2;
/** The service waits: what ends a conversation here is the relay. */
const PATIENT = { idle_seconds: 100_000, life_seconds: 100_000 };
const LONG = { name: 'long', turns: [ANSWER], otherwise: 'listen', limits: PATIENT };

/** A page that stops reading counts as gone after so long, s. */
const STALL_SECONDS = 2;
/** What one conversation may cost a server that buffers nothing for it, in mebibytes. */
const MOST_MEBIBYTES = 60;
/** The relay waits 15 s for an opening and 45 s for a word, and some servers 30 s more for an answer to their goodbye. */
const LIMIT = { timeout: 240_000 };

/** Tests a server of `servers/`. */
export function trouble(server) {
    const { name, skip } = server;
    const options = { ...LIMIT, skip };
    const makeFolder = scratch();

    async function begin(t, scenario) {
        const simulator = await startSimulator(t, { scenario, options: ['--control', '--speed', `${SPEED}`] });
        const folder = await makeFolder();
        const origin = 'http://localhost';
        const running = await server.start(t, { simulator, origin, folder, stallSeconds: STALL_SECONDS });
        const process = await running.process();
        const open = async (who) => {
            const { url, headers } = await running.raw(process.port, who);
            return new Page(t, url, { user: null, headers });
        };
        return { simulator, running, process, open };
    }

    test(`${name}: who lies about who they are is nobody`, options, async (t) => {
        const { simulator, running, process } = await begin(t, LONG);
        for (const { lie, url, headers } of await running.lies(process.port)) {
            const page = new Page(t, url, { user: null, headers });
            assert.equal((await page.closed).code, 4001, lie);
            assert.equal(page.controls.find(({ error }) => error)?.error.code, 'sign_in_required', lie);
        }
        assert.deepEqual(await streams(simulator), []);
    });

    test(`${name}: garbage and floods close the sockets that they come by, and no other`, options, async (t) => {
        const { open } = await begin(t, LONG);
        const good = await honest(t, await open('ada'));
        for (const [index, [kind, abuse]] of Object.entries(ABUSES).entries()) {
            const page = await open(`abuser-${index}`);
            await page.until(() => page.controls[0]?.ready, 'ready', 60_000);
            abuse(page);
            const { code } = await page.closed;
            assert.ok([1009, 4003, 4008].includes(code), `${kind}: ${code}`);
        }
        await hearsAll(good);
    });

    test(`${name}: clients that stall are let go, and what is said to others comes whole`, options, async (t) => {
        const { simulator, process, open, running } = await begin(t, LONG);
        const network = await startProxy(t, `http://localhost:${process.port}`);
        const before = mebibytes(process);
        // opens its socket and says nothing, and opens it and says half a message
        const silent = await open('silent');
        const slow = await open('slow');
        await once(slow.socket, 'open');
        slow.socket._socket.write(Buffer.from([0x82, 0xfe, 0x04, 0x00, 1, 2, 3, 4, 5]));
        // opens its conversation and then says nothing any more
        const mute = await open('mute');
        await mute.open();
        // half of a handshake
        const knocker = connect(process.port, 'localhost');
        knocker.on('error', () => {});
        knocker.write('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso');
        const shut = once(knocker, 'close');
        t.after(() => knocker.destroy());
        // its network is gone without a word
        const { url, headers } = await running.raw(new URL(network.url).port, 'frozen');
        const frozen = new Page(t, url, { user: null, headers });
        await frozen.open();
        await frozen.until(() => frozen.controls[0]?.ready, 'ready');
        await streams(simulator, (found) => found.length === 2);
        network.freeze();
        // never reads: an answer of five minutes is on its way to it
        const deaf = await honest(t, await open('deaf'));
        deaf.socket.pause();

        const good = await honest(t, await open('ada'));
        await hearsAll(good);
        const grown = mebibytes(process) - before;
        assert.ok(grown < MOST_MEBIBYTES, `the server has grown by ${grown.toFixed(0)} MiB`);
        for (const [who, page] of Object.entries({ silent, slow, mute })) {
            assert.equal(await closeCode(page, who), 4008, `${who}: ${JSON.stringify(page.controls)}`);
        }
        const seen = await streams(simulator, (found) => found.filter(({ end }) => end === null).length <= 1);
        t.diagnostic(`the service has seen ${seen.length} streams; the server has grown by ${grown.toFixed(1)} MiB`);
        if (server.closesKnockers) await shut;
        knocker.destroy();
        good.socket.close();
        // no ASGI application can cut a socket whose client reads nothing: the server keeps it, and nothing else, until it goes
        const kept = server.keepsTheDeaf ? 1 : 0;
        await until(() => connections(process) <= kept, `no more than ${kept} sockets are held`, 120_000);
        deaf.socket.terminate();
        await until(() => connections(process) === 0, 'nobody holds a socket any more');
    });
}

/** A page that asks for the long answer, and whose microphone is open. */
async function honest(t, page) {
    await page.open();
    const silence = setInterval(() => page.socket.send(Buffer.alloc(3200), () => {}), 1000);
    t.after(() => clearInterval(silence));
    page.write('Sing!');
    await page.until(() => page.bytes > 0, 'the beginning of an answer', 60_000);
    return page;
}

/** The code with which a page's socket is closed by the other side. */
async function closeCode(page, who) {
    let code;
    page.closed.then((closed) => ({ code } = closed));
    await until(() => code !== undefined, `${who} is let go`, 100_000);
    return code;
}

/** Waits until the whole answer has come: not a sample of it is lost. */
async function hearsAll(page) {
    await page.until(() => page.bytes >= ANSWER_BYTES, 'the end of the answer', 120_000);
    assert.ok(page.bytes - ANSWER_BYTES < SENTENCES * 1920 + 1, 'each sentence is filled up to 40 ms');
    assert.equal(page.socket.readyState, page.socket.OPEN);
}

const ABUSES = {
    garbage: (page) => page.socket.send('not json'),
    'events out of order': (page) => page.send('sessionEnd', {}),
    'brackets without end': (page) => page.socket.send('['.repeat(100_000)),
    'a huge message': (page) => page.socket.send('x'.repeat(1_000_001)),
    'sound before anything': (page) => page.socket.send(Buffer.alloc(1024)),
    'a flood of bytes': (page) => {
        for (let part = 0; part < 40; part += 1) page.socket.send(Buffer.alloc(250_000));
    },
    'sound faster than anybody speaks': (page) => {
        page.open().catch(() => {});
        for (let part = 0; part < 60; part += 1) page.socket.send(Buffer.alloc(32_000));
    },
};

/** What a process holds in memory. */
function mebibytes({ pid }) {
    const [, kibibytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(kibibytes) / 1024;
}

/** Sockets of a process that are connected at the port that it serves, by the system's own table. */
function connections({ pid, port }) {
    const inodes = new Set();
    for (const name of ['tcp', 'tcp6']) {
        for (const line of readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n').slice(1)) {
            const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
            const isListening = state === '0A';
            if (!isListening && Number.parseInt(local.split(':')[1], 16) === port) inodes.add(inode);
        }
    }
    // one that the process has closed, and whose other side does not answer, is the system's and no longer its own
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
        const target = linkOf(`/proc/${pid}/fd/${fd}`);
        return target.startsWith('socket:[') && inodes.has(target.slice(8, -1));
    }).length;
}

function linkOf(path) {
    try {
        return readlinkSync(path);
    } catch {
        return '';
    }
}
