// Conversations in full duplex and real time, held by @nova-sonic/node and by the AWS SDK for JavaScript as its user
// writes it, against the server of `bench sessions`: 32 ms of sound up, 40 ms down, TLS 1.3 and HTTP/2 over loopback.
//
// node sessions.mjs --server <the program sessions> [--sessions 1,10,40,80] [--rounds 2] [--window 7] [--warm-up 3] [--check]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** At most so much of what the SDK takes. */
const BUDGET = 0.7;
const CLIENTS = ['sdk', 'ours'];
const NAMES = { sdk: 'AWS SDK for JavaScript', ours: '@nova-sonic/node' };
/** Events in a second, and how far a run that counts may be off. */
const [UP, DOWN, OFF] = [31.25, 25, 0.02];

const { values } = parseArgs({
    options: {
        server: { type: 'string' },
        sessions: { type: 'string', default: '1,10,40,80' },
        rounds: { type: 'string', default: '2' },
        window: { type: 'string', default: '7' },
        'warm-up': { type: 'string', default: '3' },
        check: { type: 'boolean', default: false },
    },
});
const folder = mkdtempSync(join(tmpdir(), 'nova-sonic-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A process that speaks in lines of JSON. */
function talkingTo(program, args, env) {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, line: async () => JSON.parse((await lines.next()).value) };
}

/** One run, with a server and a client of its own. */
async function measured(client, sessions) {
    const server = talkingTo(values.server, ['server']);
    const { port, certificate } = await server.line();
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, certificate);
    const task = { port, ca: certificate, sessions, windowMs: 1000 * values.window, warmUpMs: 1000 * values['warm-up'] };
    const path = fileURLToPath(new URL(`sessions/${client}.mjs`, import.meta.url));
    const holder = talkingTo(process.execPath, [path], { NODE_EXTRA_CA_CERTS: ca });
    holder.child.stdin.end(JSON.stringify(task));
    const cost = await holder.line();
    holder.child.kill('SIGKILL');
    server.child.stdin.end();
    server.child.kill();
    await once(server.child, 'exit');
    return cost;
}

const counts = (cost) => Math.abs(cost.sent / UP - 1) < OFF && Math.abs(cost.received / DOWN - 1) < OFF;
let broken = false;
console.log('| sessions | client | CPU %/session | each run | x SDK | RSS MiB | sent/s | received/s |');
console.log('| --: | --- | --: | --- | --: | --: | --: | --: |');
for (const sessions of values.sessions.split(',').map(Number)) {
    const runs = { sdk: [], ours: [] };
    for (let round = 0; round < Number(values.rounds); round += 1) {
        for (const client of CLIENTS) runs[client].push(await measured(client, sessions));
    }
    const least = (client) => Math.min(...runs[client].filter(counts).map(({ cpu }) => cpu), Infinity);
    for (const client of CLIENTS) {
        const shown = runs[client].map((cost) => (counts(cost) ? cost.cpu.toFixed(2) : `(${cost.cpu.toFixed(2)})`));
        const ratio = client === 'ours' ? least('ours') / least('sdk') : 1;
        broken ||= client === 'ours' && !(Number(ratio.toFixed(2)) <= BUDGET);
        const last = runs[client].at(-1);
        const rss = Math.max(...runs[client].map((cost) => cost.rssMib));
        const cells = [sessions, NAMES[client], least(client).toFixed(2), shown.join(' '), ratio.toFixed(2)];
        console.log(`| ${[...cells, rss.toFixed(0), last.sent.toFixed(1), last.received.toFixed(1)].join(' | ')} |`);
    }
}
console.log(`\nbudget: at most ${BUDGET} x the SDK: ${broken ? 'BROKEN' : 'kept'}`);
if (broken && values.check) process.exitCode = 1;
