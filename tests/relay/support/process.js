// Servers as processes of their own, which end with a test or are killed by it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';

/** The longest that a server may take to start; the machine may be busy. */
const START_MS = 60_000;
/** How long one that is told to end may take, ms. */
const FAREWELL_MS = 3_000;

/** What makes folders that live as long as a file's tests: servers that are told to end still write. */
export function scratch() {
    const folders = [];
    after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
    return async () => {
        const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-relay-'));
        folders.push(folder);
        return folder;
    };
}

/** Starts a program that ends with `t`: its process, and how to kill it without a word. */
export function startProcess(t, program, options, { env = {}, cwd, stdout = 'inherit' } = {}) {
    const child = spawn(program, options, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', stdout, 'inherit'] });
    const ended = once(child, 'exit');
    // one that cannot be started is told by what waits for it
    ended.catch(() => {});
    t.after(async () => {
        child.kill();
        // a server that waits for clients who never read waits for ever
        const late = setTimeout(() => child.kill('SIGKILL'), FAREWELL_MS);
        await ended;
        clearTimeout(late);
    });
    const kill = async () => {
        child.kill('SIGKILL');
        await ended;
    };
    return { child, pid: child.pid, kill };
}

/** The first line that a program writes. */
export async function firstLine({ child }) {
    const [line] = await once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(START_MS) });
    return line;
}

/** Everything that a program writes until it ends in order. */
export async function output(t, program, options, settings) {
    const { child } = startProcess(t, program, options, { ...settings, stdout: 'pipe' });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${options.join(' ')} ended with ${code}`);
    return said;
}

/** A port that is free, and that the system gives to nobody who asks for any: the server binds it only later. */
export async function freePort() {
    for (;;) {
        const port = 10_000 + Math.floor(10_000 * Math.random());
        const probe = createServer();
        const isFree = await new Promise((resolve) => {
            probe.once('error', () => resolve(false));
            probe.listen(port, 'localhost', () => resolve(true));
        });
        if (!isFree) continue;
        await new Promise((resolve) => probe.close(resolve));
        return port;
    }
}

/** Settles once an address answers at all. */
export async function answers(url) {
    await until(async () => (await fetch(url).catch(() => undefined)) !== undefined, `${url} answers`, START_MS);
}

/** Settles once `holds()` is something, with that. */
export async function until(holds, what, patienceMs = 30_000) {
    const end = performance.now() + patienceMs;
    for (;;) {
        const found = await holds();
        if (found) return found;
        if (performance.now() > end) throw new Error(`it never happened that ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

/** Where AWS is for a server whose AWS is the simulator. */
export function simulated(simulator) {
    return {
        AWS_ENDPOINT_URL: simulator.https,
        AWS_CA_BUNDLE: simulator.ca,
        AWS_ACCESS_KEY_ID: simulator.access_key_id,
        AWS_SECRET_ACCESS_KEY: simulator.secret_access_key,
        AWS_REGION: simulator.region,
        AWS_EC2_METADATA_DISABLED: 'true',
    };
}
