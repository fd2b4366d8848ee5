// An application in Django, whose Channels relay what a page cannot say to the service itself.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../../bindings-python/tests/django/', import.meta.url));
const START_MS = 60_000;

/**
 * Serves the project of the Django app's tests until `t` ends, with `simulator` as AWS and the page's `origin` let in.
 * `NOVA_SONIC_DJANGO` names a Python that has the package, Channels and uvicorn. Answers the relay's addresses, the user's
 * cookie, and what the server has kept.
 */
export async function startChannels(t, simulator, origin) {
    const python = process.env.NOVA_SONIC_DJANGO;
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-channels-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const env = {
        ...process.env,
        AWS_ENDPOINT_URL: simulator.https,
        AWS_CA_BUNDLE: simulator.ca,
        AWS_ACCESS_KEY_ID: simulator.access_key_id,
        AWS_SECRET_ACCESS_KEY: simulator.secret_access_key,
        AWS_REGION: simulator.region,
        AWS_EC2_METADATA_DISABLED: 'true',
        DJANGO_SETTINGS_MODULE: 'project.settings',
        PROJECT_SQLITE: join(folder, 'project.sqlite3'),
        PROJECT_RECORDS: join(folder, 'records'),
        PROJECT_ORIGIN: origin,
        PYTHONDONTWRITEBYTECODE: '1',
    };
    const { cookie } = JSON.parse(await output(python, ['-m', 'project.prepare'], env));
    const port = await freePort();
    const options = ['-m', 'uvicorn', 'project.voice:application', '--port', `${port}`, '--lifespan', 'off', '--log-level', 'error'];
    const server = spawn(python, options, { cwd: PROJECT, env, stdio: ['ignore', 'inherit', 'inherit'] });
    const ended = once(server, 'exit');
    t.after(async () => {
        server.kill();
        await ended;
    });
    await answers(`http://localhost:${port}/alive/`);
    return { cookie, relay: (path) => `ws://localhost:${port}/${path}`, records: join(folder, 'records') };
}

async function output(program, options, env) {
    const child = spawn(program, options, { cwd: PROJECT, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${options.join(' ')} ended with ${code}`);
    return said;
}

async function freePort() {
    const probe = createServer();
    await new Promise((resolve) => probe.listen(0, 'localhost', resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
}

async function answers(url) {
    const end = Date.now() + START_MS;
    for (;;) {
        const response = await fetch(url).catch(() => undefined);
        if (response?.ok) return;
        if (Date.now() > end) throw new Error(`${url} does not answer`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
