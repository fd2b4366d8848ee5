// What the broker issues for a browser, by way of the Rust program that stands for a backend.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A grant as a page gets it, and the name that the session of its role has: `{ grant, session_name }`. */
export async function issueGrant(simulator, task = {}) {
    const wanted = {
        endpoint_url: simulator.https,
        ca: simulator.ca,
        access_key_id: simulator.access_key_id,
        secret_access_key: simulator.secret_access_key,
        role_arn: simulator.role_arn,
        region: simulator.region,
        model_id: 'amazon.nova-2-sonic-v1:0',
        plain: true,
    };
    const [program, ...options] = grantsCommand();
    const child = spawn(program, options, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(JSON.stringify({ ...wanted, ...task }));
    const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (code !== 0) throw new Error(`no grant was issued: ${code}`);
    return JSON.parse(answer);
}

/** What a page makes of a plain grant for the SDK. */
export function credentialsOf({ accessKeyId, secretAccessKey, sessionToken, expiration }) {
    return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration) };
}

/** The program stands beside the simulator that `NOVA_SONIC_SIM` names, being built with it; else cargo builds it. */
function grantsCommand() {
    const simulator = process.env.NOVA_SONIC_SIM;
    const beside = simulator && join(dirname(simulator), 'grants');
    if (beside && existsSync(beside)) return [beside];
    return ['cargo', 'run', '--quiet', '--package', 'nova-sonic-interop', '--bin', 'grants'];
}
