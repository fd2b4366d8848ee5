// The tarball of @nova-sonic/web, as `npm pack` makes it, and the projects that install it.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
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

/** Keeps the lock file that a folder was installed for. */
const INSTALLED = 'installed-lock.json';

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
    await install(source, folder);
    for (const entry of await readdir(folder)) {
        if (entry !== 'node_modules' && entry !== INSTALLED) await rm(join(folder, entry), { recursive: true, force: true });
    }
    await cp(source, folder, { recursive: true });
    await cp(TALK, join(folder, 'talk.js'));
    // what bundlers remember of the package is of another tarball
    for (const cache of ['.vite', '.cache']) await rm(join(folder, 'node_modules', cache), { recursive: true, force: true });
    await unpack(await pack(await temporary(t)), join(folder, 'node_modules', NAME));
    return folder;
}

async function install(source, folder) {
    const lock = await readFile(join(source, 'package-lock.json'), 'utf8');
    const done = join(folder, INSTALLED);
    if ((await readFile(done, 'utf8').catch(() => undefined)) === lock) return;
    say(`installing the packages of ${source} with npm`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) await cp(join(source, name), join(folder, name));
    // not `npm ci`: it insists on the builds for other systems, which a registry need not have
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
    await writeFile(done, lock);
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
