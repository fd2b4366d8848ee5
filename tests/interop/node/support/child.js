// Programs that need a certificate authority from their environment, which Node reads only as it starts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAMS = new URL('../programs/', import.meta.url);

/**
 * Runs one of `programs/` with `ca` trusted and answers the object that it prints: what was heard, or
 * `{ error: { name, message, status } }`.
 */
export async function inChild(program, simulator, ca, credentials) {
    const child = spawn(process.execPath, [fileURLToPath(new URL(program, PROGRAMS))], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
        stdio: ['pipe', 'pipe', 'inherit'],
        timeout: 60_000,
        killSignal: 'SIGKILL',
    });
    child.stdin.end(JSON.stringify({ simulator, credentials }));
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}`);
    return JSON.parse(text);
}
