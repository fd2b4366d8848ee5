// The servers that bundlers bring along.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { project } from './package.js';
import { serving } from './program.js';
import { freePort } from './server.js';

/** Vite's development server for a copy of `bundlers/name`, with `more` files in it. */
export async function viteDev(t, name, more = {}) {
    const folder = await project(t, name);
    for (const [file, text] of Object.entries(more)) await writeFile(join(folder, file), text);
    const port = await freePort();
    const options = ['--port', String(port), '--strictPort', '--host', 'localhost'];
    return serving(t, `http://localhost:${port}`, folder, 'vite/bin/vite.js', options);
}

/** Next's server: `dev`, or `start` for what was built. */
export async function next(t, folder, command) {
    const port = await freePort();
    return serving(t, `http://localhost:${port}`, folder, 'next/dist/bin/next', [command, '--port', String(port)]);
}
