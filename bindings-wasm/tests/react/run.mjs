// Runs these tests with each supported major version of React, each from packages of its own.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TYPESCRIPT = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const ON_A_SERVER = /^server\.test/;

const tests = readdirSync(HERE).filter((name) => /\.test\.tsx$/.test(name));
let failed = false;
for (const version of readdirSync(HERE).filter((name) => /^react-\d+$/.test(name))) {
    const folder = join(HERE, version);
    install(folder);
    // beside the packages of this version, so that what the tests import is found there
    const built = join(folder, 'dist');
    rmSync(built, { recursive: true, force: true });
    await build({
        entryPoints: tests.map((name) => join(HERE, name)),
        outdir: built,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        packages: 'external',
        // made by the package's build, and loaded by no test
        external: ['*/inline.js'],
        platform: 'node',
        format: 'esm',
        target: 'es2022',
        jsx: 'automatic',
        sourcemap: 'inline',
        logLevel: 'warning',
    });
    failed ||= spawnSync(process.execPath, [TYPESCRIPT, '-p', folder], { stdio: 'inherit' }).status !== 0;
    const files = readdirSync(built).filter((name) => name.endsWith('.mjs'));
    copyFileSync(join(HERE, 'dom.mjs'), join(built, 'dom.mjs'));
    console.log(`React ${JSON.parse(readFileSync(join(folder, 'node_modules/react/package.json'), 'utf8')).version}`);
    const inPages = files.filter((name) => !ON_A_SERVER.test(name));
    const onServers = files.filter((name) => ON_A_SERVER.test(name));
    for (const run of [
        ['--import', './dom.mjs', ...inPages],
        onServers,
    ]) {
        const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', '--enable-source-maps', ...run], { cwd: built, stdio: 'inherit' });
        failed ||= status !== 0;
    }
}
process.exitCode = failed ? 1 : 0;

/** Installs what the lock file names, unless that is there already. */
function install(folder) {
    const modified = (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return;
    console.error(`      installing the packages of ${folder} with npm`);
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw new Error(`npm ci failed in ${folder}: check that this machine reaches the npm registry`);
}
