// The simulator as a process of its own, started for one test and ended with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Building it, where no program is named, takes longest. */
const START_MILLISECONDS = 300_000;

/**
 * Starts a simulator that plays `scenario` (a name, or the object of a scenario file) and ends it after test `t`.
 * Answers what it says of itself: `https`, `http`, `ca`, `region`, `access_key_id`, `secret_access_key`, `role_arn`.
 */
export async function startSimulator(t, { scenario = 'parrot', options = [] } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-interop-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    let name = scenario;
    if (typeof scenario === 'object') {
        name = join(folder, 'scenario.json');
        await writeFile(name, JSON.stringify(scenario));
    }
    const [program, ...before] = simulatorCommand();
    const child = spawn(
        program,
        [...before, '--json', '--https-port', '0', '--http-port', '0', '--ca', join(folder, 'ca.pem'), '--scenario', name, ...options],
        { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const ended = once(child, 'exit');
    t.after(async () => {
        child.kill('SIGTERM');
        await ended;
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint = (complaint + text).slice(-2000)));
    const first = once(createInterface({ input: child.stdout }), 'line', {
        signal: AbortSignal.timeout(START_MILLISECONDS),
    });
    const gone = ended.then(([code]) => {
        throw new Error(`the simulator ended with ${code}: ${complaint}`);
    });
    // after the start, an end is no fault
    gone.catch(() => {});
    const [line] = await Promise.race([first, gone]);
    return JSON.parse(line);
}

/** `NOVA_SONIC_SIM` names the program; without it cargo builds and becomes it. */
function simulatorCommand() {
    const program = process.env.NOVA_SONIC_SIM;
    return program ? [program] : ['cargo', 'run', '--quiet', '--package', 'nova-sonic-sim', '--'];
}

/** The keys of the simulator's user. */
export function userKeys(simulator) {
    return { accessKeyId: simulator.access_key_id, secretAccessKey: simulator.secret_access_key };
}
