// An application in Node, with the relay of the package `@nova-sonic/node`.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { firstLine, simulated, startProcess } from '../support/process.js';
import { FORGED, cookieOf } from './users.js';

const PACKAGE = new URL('../../../bindings-node/dist/index.mjs', import.meta.url);
const APPLICATION = fileURLToPath(new URL('application.mjs', import.meta.url));

export const node = {
    name: 'Node',
    skip: existsSync(PACKAGE) ? false : 'bindings-node/dist is not built',
    refusals: { nobody: 'sign_in_required', stranger: 'not_authorized' },
    keepsTheDeaf: false,
    closesKnockers: false,
    start,
};

async function start(t, { simulator, origin, folder, stallSeconds }) {
    const records = `${folder}/records`;
    const url = (port) => `ws://localhost:${port}/voice`;
    return {
        async process() {
            const options = [APPLICATION, JSON.stringify({ simulator, origin, records, stallSeconds })];
            const started = startProcess(t, process.execPath, options, { env: simulated(simulator), stdout: 'pipe' });
            return { ...started, port: Number(await firstLine(started)) };
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
