// Modules of the package's page, compiled for Node.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const WEB = fileURLToPath(new URL('../../web/', import.meta.url));

/** The exports of `web/<path>`. */
export async function compiled(path) {
    const folder = mkdtempSync(join(tmpdir(), 'nova-sonic-page-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const outfile = join(folder, 'module.mjs');
    await build({ entryPoints: [WEB + path], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' });
    return import(pathToFileURL(outfile).href);
}
