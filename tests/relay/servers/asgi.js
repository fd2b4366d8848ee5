// An application in Python without Django: the relay of `nova_sonic.asgi` in uvicorn.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { answers, freePort, simulated, startProcess } from '../support/process.js';
import { FORGED, KEY, cookieOf } from './users.js';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PYTHON = process.env.NOVA_SONIC_DJANGO;

/** `NOVA_SONIC_DJANGO` names a Python that has the package and uvicorn. */
export const asgi = {
    name: 'ASGI',
    skip: PYTHON ? false : 'NOVA_SONIC_DJANGO names no Python that has the package and uvicorn',
    refusals: { nobody: 'sign_in_required', stranger: 'not_authorized' },
    keepsTheDeaf: true,
    closesKnockers: false,
    start,
};

async function start(t, { simulator, origin, folder, stallSeconds }) {
    const records = `${folder}/records`;
    const env = {
        ...simulated(simulator),
        APPLICATION: JSON.stringify({ key: KEY, origin, records, stallSeconds }),
        PYTHONDONTWRITEBYTECODE: '1',
    };
    const url = (port) => `ws://localhost:${port}/`;
    return {
        async process() {
            const port = await freePort();
            const options = ['-m', 'uvicorn', 'asgi:application', '--port', `${port}`, '--log-level', 'error'];
            const started = startProcess(t, PYTHON, options, { env, cwd: FOLDER });
            await answers(`http://localhost:${port}/`);
            return { ...started, port };
        },
        page: (port, who) => ({ relay: url(port), cookie: who === 'nobody' ? undefined : cookieOf(who) }),
        async raw(port, who) {
            return { url: url(port), headers: { Cookie: cookieOf(who).join('=') } };
        },
        async lies(port) {
            const lies = FORGED.map((Cookie) => ({ lie: Cookie, url: url(port), headers: { Cookie } }));
            return [...lies, { lie: 'a name in the URL', url: `${url(port)}?subject=ada`, headers: { 'X-User': 'ada' } }];
        },
        async records() {
            const lines = await readFile(records, 'utf8').catch(() => '');
            return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
        },
    };
}
