// An application in Django, whose Channels relay what a page cannot say to the service itself.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { answers, freePort, output, simulated, startProcess } from '../support/process.js';

const PROJECT = fileURLToPath(new URL('../../../bindings-python/tests/django/', import.meta.url));
const PYTHON = process.env.NOVA_SONIC_DJANGO;

/** The consumer in uvicorn. `NOVA_SONIC_DJANGO` names a Python that has the package, Channels and uvicorn. */
export const channels = {
    name: 'Django Channels',
    skip: PYTHON ? false : 'NOVA_SONIC_DJANGO names no Python that has the package and Channels',
    refusals: { nobody: 'sign_in_required', stranger: 'not_authorized' },
    keepsTheDeaf: true,
    closesKnockers: false,
    start,
};

/** Users are rows of one database; their sessions are cookies. */
async function start(t, { simulator, origin, folder, stallSeconds }) {
    const env = {
        ...simulated(simulator),
        DJANGO_SETTINGS_MODULE: 'project.settings',
        PROJECT_SQLITE: `${folder}/project.sqlite3`,
        PROJECT_RECORDS: `${folder}/records`,
        PROJECT_ORIGIN: origin,
        ...(stallSeconds !== undefined && { PROJECT_STALL_SECONDS: `${stallSeconds}` }),
        PYTHONDONTWRITEBYTECODE: '1',
    };
    const { cookies } = JSON.parse(await output(t, PYTHON, ['-m', 'project.prepare', '12'], { env, cwd: PROJECT }));
    /** Everybody but ada gets the next of the others. */
    const users = new Map([['ada', 0]]);
    const cookieOf = (who) => {
        if (who === 'nobody') return undefined;
        const name = who === 'stranger' ? 'ada' : who;
        if (!users.has(name)) users.set(name, users.size);
        return cookies[users.get(name)].split('=');
    };
    const url = (port, who) => `ws://localhost:${port}/stories/${who === 'stranger' ? 8 : 7}/`;
    return {
        async process() {
            const port = await freePort();
            const options = ['-m', 'uvicorn', 'project.voice:application', '--port', `${port}`, '--lifespan', 'off', '--log-level', 'error'];
            const started = startProcess(t, PYTHON, options, { env, cwd: PROJECT });
            await answers(`http://localhost:${port}/alive/`);
            return { ...started, port };
        },
        page: (port, who) => ({ relay: url(port, who), cookie: cookieOf(who) }),
        async raw(port, who) {
            return { url: url(port, who), headers: { Cookie: cookieOf(who).join('=') } };
        },
        async lies(port) {
            const [, value] = cookieOf('ada');
            return [
                { lie: 'a forged session', url: url(port), headers: { Cookie: 'sessionid=forged' } },
                { lie: 'another’s session, cut short', url: url(port), headers: { Cookie: `sessionid=${value.slice(0, -1)}` } },
                { lie: 'a name in the URL', url: `${url(port)}?subject=1&user=ada`, headers: { 'X-User': 'ada', 'Remote-User': 'ada' } },
            ];
        },
        async records() {
            const lines = await readFile(env.PROJECT_RECORDS, 'utf8').catch(() => '');
            return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
        },
    };
}
