// Programs that serve until they are ended, such as a bundler's own server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const START_MILLISECONDS = 120_000;

/** Runs a program of a project to its end; what it says is part of the failure. */
export async function finish(folder, program, options, environment = {}) {
    const child = start(folder, program, options, environment);
    const said = listen(child);
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program} ${options.join(' ')} ended with ${code ?? signal}:\n${said.text}`);
}

/** Starts a program of a project that serves `origin`, and ends it, with all that it started, after test `t`. */
export async function serving(t, origin, folder, program, options, environment = {}) {
    const child = start(folder, program, options, environment);
    const said = listen(child);
    const closed = once(child, 'close');
    t.after(async () => {
        end(child);
        await closed;
    });
    const until = Date.now() + START_MILLISECONDS;
    while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
        const answer = await fetch(origin).catch(() => undefined);
        if (answer?.ok) return origin;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${program} ${options.join(' ')} serves nothing at ${origin}:\n${said.text}`);
}

function start(folder, program, options, environment) {
    return spawn(process.execPath, [`node_modules/${program}`, ...options], {
        cwd: folder,
        env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined, NODE_TEST_CONTEXT: undefined, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        // a process group of its own: bundlers start workers
        detached: true,
    });
}

function listen(child) {
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (more) => (said.text = (said.text + more).slice(-8000)));
    }
    return said;
}

function end(child) {
    try {
        process.kill(-child.pid, 'SIGTERM');
    } catch {
        // it has ended by itself
    }
}
