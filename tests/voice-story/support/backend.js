// The story player's backend as a server of its own, with a database of its own.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const BACKEND = fileURLToPath(new URL('../../../examples/voice-story/backend/', import.meta.url));
const START_MS = 180_000;
/** How long a server may take to end, seconds; conversations are cut off then. */
const GRACE_SECONDS = 1;

export const PASSWORD = 'the owl knows every path';

/** A Python that has the package and the backend's requirements. */
function python() {
    const program = process.env.NOVA_SONIC_DJANGO;
    if (program) return program;
    throw new Error('NOVA_SONIC_DJANGO names no Python that has the package and what examples/voice-story/backend requires');
}

/** A database with users and stories, made once for all tests of a file. */
let filled;

function fill() {
    filled ??= (async () => {
        const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-stories-'));
        process.once('exit', () => rm(folder, { recursive: true, force: true }));
        const file = join(folder, 'stories.sqlite3');
        const env = environment(file, 'http://localhost:8000');
        await manage(env, 'migrate', '--verbosity', '0');
        await manage(env, 'seed', '--password', PASSWORD);
        return file;
    })();
    return filled;
}

/** The text of the story that `mila` has first on her shelf. */
export async function firstStory() {
    const code = `
from stories.models import Story
print(Story.objects.filter(owner__username="mila").order_by("pk").first().latest.text)`;
    const said = await manage(environment(await fill(), 'http://localhost:8000'), 'shell', '--no-imports', '-c', code);
    return said.trim();
}

function environment(database, origin, simulator, more) {
    return {
        ...process.env,
        ...(simulator && {
            STORY_SIMULATOR: simulator.wss ?? simulator.https,
            AWS_ENDPOINT_URL: simulator.https,
            AWS_CA_BUNDLE: simulator.ca,
            AWS_ACCESS_KEY_ID: simulator.access_key_id,
            AWS_SECRET_ACCESS_KEY: simulator.secret_access_key,
            AWS_REGION: simulator.region,
        }),
        // Django's checks want one before there is a simulator
        VOICE_ROLE_ARN: simulator?.role_arn ?? 'arn:aws:iam::123456789012:role/nobody',
        AWS_EC2_METADATA_DISABLED: 'true',
        DATABASE_URL: `sqlite:///${database}`,
        SECRET_KEY: 'a key of nobody’s, for tests alone, long enough for every check that there is',
        STORY_ORIGIN: origin,
        LOG_LEVEL: 'WARNING',
        PYTHONDONTWRITEBYTECODE: '1',
        ...more,
    };
}

async function manage(env, ...words) {
    const { stdout } = await run(python(), ['manage.py', ...words], { cwd: BACKEND, env });
    return stdout;
}

/**
 * Serves the built page and its API until `t` ends, with `simulator` as AWS. `endpoint`: where pages find the service, if
 * not at the simulator itself. `settings`: more of the environment.
 */
export async function startBackend(t, simulator, { endpoint, settings = {} } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-story-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const database = join(folder, 'stories.sqlite3');
    await copyFile(await fill(), database);
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const env = environment(database, origin, simulator, { ...(endpoint && { STORY_SIMULATOR: endpoint }), ...settings });
    let server;
    let next;
    const backend = {
        origin,
        /** Runs Python in the backend's Django, and parses what it prints. */
        async ask(code) {
            return JSON.parse(await manage(env, 'shell', '--no-imports', '-c', code));
        },
        /** Starts it; what takes long has been done by `prepare`, if that was called. */
        async start() {
            const successor = next ?? (await prepared(env, port));
            next = undefined;
            successor.stdin.end();
            server = successor;
            await answers(`${origin}/accounts/login/`, server);
        },
        /** Loads a successor while the server still runs, so that a restart takes a moment on a busy machine, too. */
        async prepare() {
            next = await prepared(env, port);
        },
        async stop() {
            if (server === undefined) return;
            server.kill();
            await server.ended;
            server = undefined;
        },
    };
    t.after(async () => {
        next?.kill();
        await backend.stop();
    });
    await backend.start();
    return backend;
}

/** Uvicorn as a program that loads the application, says so, and serves once its standard input ends. */
const SERVE = `
import sys, uvicorn
from story_player.asgi import application
print("loaded", flush=True)
sys.stdin.read()
uvicorn.run(application, host="localhost", port=int(sys.argv[1]), lifespan="off", log_level="error", timeout_graceful_shutdown=${GRACE_SECONDS})`;

async function prepared(env, port) {
    const server = spawn(python(), ['-c', SERVE, `${port}`], { cwd: BACKEND, env, stdio: ['pipe', 'pipe', 'inherit'] });
    server.ended = once(server, 'exit');
    const gone = server.ended.then(([code]) => Promise.reject(new Error(`the backend ended with ${code}`)));
    // after the start, an end is no fault
    gone.catch(() => {});
    await Promise.race([once(server.stdout, 'data', { signal: AbortSignal.timeout(START_MS) }), gone]);
    server.stdout.resume();
    return server;
}

/** The voice sessions that the server keeps, oldest first, with what was heard. */
export function sessions(backend) {
    return backend.ask(`
import json
from nova_sonic.django.sessions.models import VoiceSession
print(json.dumps([
    {"id": str(one.pk), "user": one.user.get_username(), "state": one.state, "reason": one.reason, "transport": one.transport,
     "fallback": one.fallback,
     "messages": [{"role": said.role, "text": said.text} for said in one.messages.order_by("pk")]}
    for one in VoiceSession.objects.order_by("started")
]))`);
}

async function freePort() {
    const probe = createServer();
    await new Promise((resolve) => probe.listen(0, 'localhost', resolve));
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return port;
}

async function answers(url, server) {
    const end = Date.now() + START_MS;
    for (;;) {
        const response = await fetch(url).catch(() => undefined);
        if (response?.ok) return;
        if (server.exitCode !== null) throw new Error(`the backend ended with ${server.exitCode}`);
        if (Date.now() > end) throw new Error(`${url} does not answer`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
