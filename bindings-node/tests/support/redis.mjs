// A Redis of the test's own, on a socket that nobody else knows.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './stage.mjs';

/** Runs until the test is over, or until `stop()`: its `url`. */
export async function startRedis(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-'));
    const socket = join(folder, 'redis.sock');
    const options = ['--port', '0', '--save', '', '--appendonly', 'no', '--unixsocket', socket, '--dir', folder];
    const server = spawn('redis-server', options, { stdio: 'ignore' });
    const failed = new Promise((_, reject) => {
        server.on('error', () => reject(new Error('redis-server is not on the PATH (on Debian the package redis-server)')));
    });
    const stop = async () => {
        if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
        const ended = once(server, 'exit');
        server.kill('SIGKILL');
        await ended;
    };
    t.after(async () => {
        await stop();
        await rm(folder, { recursive: true, force: true });
    });
    await Promise.race([failed, until(() => answers(socket), 'an answer of Redis')]);
    return { url: `unix://${socket}?db=0`, stop };
}

function answers(socket) {
    return new Promise((resolve) => {
        const line = connect(socket);
        line.on('error', () => resolve(false));
        line.on('connect', () => {
            line.destroy();
            resolve(true);
        });
    });
}
