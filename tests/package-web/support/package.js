// The tarball of @nova-sonic/web, as `npm pack` makes it, and the projects that install it.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const SOURCE = at('../../../bindings-wasm/');
const BUNDLERS = at('../bundlers/');
const TALK = at('../app/talk.js');
/** Outside every folder with a lock file: bundlers take the nearest one above for the root of the project. */
const SCRATCH = process.env.NOVA_SONIC_SCRATCH ?? at('../../../target/package-web/');

/** The name that people install. */
export const NAME = '@nova-sonic/web';

/** Says what takes long to whoever waits. */
export function say(text) {
    process.stderr.write(`      ${text}\n`);
}

/** Packs bindings-wasm into `folder` as it would be published, and answers the tarball's path. */
export async function pack(folder) {
    if (!(await exists(join(SOURCE, 'dist/index.js')))) {
        throw new Error('bindings-wasm/dist is not there: build it with `cargo xtask build web`');
    }
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: SOURCE });
    return join(folder, JSON.parse(stdout)[0].filename);
}

/** The package as it would be published, in a folder that ends with test `t`. */
export async function unpacked(t) {
    const folder = await temporary(t);
    return unpack(await pack(folder), join(folder, 'package'));
}

/** A copy of `bundlers/name` with its locked packages and the packed package, as `npm install` would leave it. */
export async function project(t, name) {
    const source = join(BUNDLERS, name);
    const folder = join(SCRATCH, name);
    await mkdir(folder, { recursive: true });
    for (const entry of await readdir(folder)) {
        if (entry !== 'node_modules' && entry !== 'package-lock.json') await rm(join(folder, entry), { recursive: true, force: true });
    }
    await install(source, folder);
    await cp(source, folder, { recursive: true });
    await cp(TALK, join(folder, 'talk.js'));
    // what bundlers remember of the package is of another tarball
    for (const cache of ['.vite', '.cache']) await rm(join(folder, 'node_modules', cache), { recursive: true, force: true });
    await unpack(await pack(await temporary(t)), join(folder, 'node_modules', NAME));
    return folder;
}

async function install(source, folder) {
    const lock = await readFile(join(source, 'package-lock.json'), 'utf8');
    const installed = await readFile(join(folder, 'package-lock.json'), 'utf8').catch(() => undefined);
    if (lock === installed && (await exists(join(folder, 'node_modules')))) return;
    say(`installing the packages of ${source} with npm`);
    await rm(join(folder, 'package-lock.json'), { force: true });
    await cp(join(source, 'package.json'), join(folder, 'package.json'));
    // the lock file comes last into the kept folder, so that an installation that broke off is made again
    const partial = join(folder, 'node_modules');
    await rm(partial, { recursive: true, force: true });
    await cp(join(source, 'package-lock.json'), join(folder, 'package-lock.json'));
    try {
        await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
    } catch (error) {
        await rm(join(folder, 'package-lock.json'), { force: true });
        throw error;
    }
}

async function unpack(tarball, folder) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
    return folder;
}

async function temporary(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-package-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return folder;
}

async function exists(path) {
    return (await stat(path).catch(() => undefined)) !== undefined;
}
