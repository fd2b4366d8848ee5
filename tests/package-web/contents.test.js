// What is in the tarball: its size, its entries, and what pages and policies rely on.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { NAME, pack, unpacked } from './support/package.js';

const run = promisify(execFile);

/** What the complete client with its audio is to weigh, in bytes of gzip: the AWS SDK's one command, without any audio, is 68 kB. */
const GOAL_BYTES = 64_000;
/** What it may weigh until then: no more than it does. */
const LIMIT_BYTES = 103_000;
/** What the standard library adds to it where it is rustup's: what its panics would print. Debian's compiler builds it without. */
const PANICS_BYTES = 8_500;
/** Vite makes data: addresses of smaller files, which a strict policy blocks. */
const SMALLEST_ASSET_BYTES = 4096;
const WORKLETS = ['capture.js', 'playback.js'];

let folder;
let manifest;
const endings = [];
before(async () => {
    folder = await unpacked({ after: (end) => endings.push(end) });
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
});
after(async () => {
    for (const end of endings) await end();
});

async function filesIn(path) {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(path.length + 1));
}

/** What is told may be a twentieth less than what is measured; and more, where a compiler does better than ours did. */
function assertTold(what, told, measured) {
    assert.ok(measured <= told * 1.05 + 0.2 && measured >= told * 0.7 - 0.2, `${what}: the guide says ${told} kB, it is ${measured}`);
}

/** Every file that runs in a page, with what it adds to a page that talks. */
async function parts() {
    const names = (await filesIn(join(folder, 'dist'))).filter((name) => /\.(js|wasm)$/.test(name));
    const found = [];
    for (const name of names.sort()) {
        const bytes = await readFile(join(folder, 'dist', name));
        // source maps' addresses are for people
        const shipped = name.endsWith('.js') ? Buffer.from(bytes.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')) : bytes;
        found.push({ name, bytes: shipped.length, gzip: gzipSync(shipped, { level: 9 }).length, text: bytes.toString('latin1') });
    }
    return found;
}

/** How much of the engine is there only because of the compiler that built it. */
function unavoidable({ name, text }) {
    return name === 'engine_bg.wasm' && text.includes('library/core/src') ? PANICS_BYTES : 0;
}

test('the complete client grows no heavier', async (t) => {
    const found = await parts();
    const limit = found.reduce((sum, part) => sum + unavoidable(part), LIMIT_BYTES);
    let total = 0;
    for (const { name, bytes, gzip } of found) {
        const extra = { 'inline.js': 'only where the files cannot be had', 'react.js': 'only for React' }[name];
        if (!extra) total += gzip;
        t.diagnostic(`${name.padEnd(24)} ${String(bytes).padStart(8)} bytes ${String(gzip).padStart(7)} gzip  ${extra ?? ''}`);
    }
    t.diagnostic(`${'complete client'.padEnd(24)} ${String(total).padStart(28)} gzip  of ${limit}, with a goal of ${GOAL_BYTES}`);
    assert.ok(total <= limit, `${total} bytes of gzip are more than the limit of ${limit}`);
    assert.ok(total > 20_000, `${total} bytes of gzip cannot be the whole client: the parts were not found`);
});

test('the guide says what it weighs', async () => {
    const guide = await readFile(join(folder, 'README.md'), 'utf8');
    const table = guide.slice(guide.indexOf('## What it weighs'));
    const weights = new Map((await parts()).map((part) => [part.name, part.gzip - unavoidable(part)]));
    const rows = [...table.matchAll(/^\| (`.*) \| ([\d.]+) \|$/gm)];
    assert.equal(rows.length, 5);
    let total = 0;
    for (const [, what, kilobytes] of rows) {
        const names = [...what.matchAll(/`(\S+)`/g)].map(([, name]) => name);
        const measured = names.reduce((sum, name) => sum + weights.get(name), 0) / 1000;
        if (!names.includes('react.js')) total += Number(kilobytes);
        assertTold(what, Number(kilobytes), measured);
    }
    const [, sum] = /^\| all of it \| ([\d.]+) \|$/m.exec(table);
    assert.equal(sum, total.toFixed(1));
});

test('every entry that the manifest names is there, with its types', async () => {
    assert.deepEqual(Object.keys(manifest.exports).filter((name) => name !== './package.json').sort(), ['.', './react']);
    const names = new Set(await filesIn(folder));
    const targets = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets));
    for (const [name, entry] of Object.entries(manifest.exports)) {
        for (const target of targets(entry)) assert.ok(names.has(target.replace('./', '')), `${name}: ${target}`);
        if (name !== './package.json') assert.ok(entry.types, `${name} has types`);
    }
});

test('it is a module without side effects and without dependencies', () => {
    assert.equal(manifest.type, 'module');
    assert.equal(manifest.sideEffects, false);
    assert.deepEqual(Object.keys(manifest.dependencies ?? {}), []);
    assert.deepEqual(manifest.peerDependenciesMeta, { react: { optional: true } });
    assert.equal(manifest.scripts?.postinstall ?? manifest.scripts?.install, undefined);
});

test('worklets import nothing and are large enough to stay files', async () => {
    for (const name of WORKLETS) {
        const { bytes, text } = (await parts()).find((part) => part.name === name);
        assert.ok(bytes > SMALLEST_ASSET_BYTES, `${name} has ${bytes} bytes`);
        assert.doesNotMatch(text, /^\s*(import|export)\b|\bimport\(/m, name);
    }
});

test('nothing that runs needs unsafe-eval', async () => {
    for (const { name, text } of await parts()) assert.doesNotMatch(text, /\beval\(|\bnew Function\(/, name);
});

test('components are marked as such, for servers that render', async () => {
    const { text } = (await parts()).find(({ name }) => name === 'react.js');
    assert.match(text, /^['"]use client['"]/);
});

test('maps lead to sources that are in them', async () => {
    const names = await filesIn(join(folder, 'dist'));
    for (const { name, text } of await parts()) {
        const map = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(text)?.[1];
        // worklets are packed as they were written, and the inline copies are of files that have maps
        if (!name.endsWith('.js') || name === 'inline.js' || WORKLETS.includes(name)) continue;
        assert.ok(map && names.includes(map), `${name} has a map`);
        const { sources, sourcesContent } = JSON.parse(await readFile(join(folder, 'dist', map), 'utf8'));
        assert.equal(sourcesContent?.length, sources.length, `${map} has its sources`);
        for (const source of sources) assert.doesNotMatch(source, /^\/|node_modules/, `${map}: ${source}`);
    }
});

test('nothing is packed that only this repository needs', async () => {
    for (const name of await filesIn(folder)) {
        assert.match(name, /^(dist\/|README\.md$|LICENSE-(MIT|APACHE)$|package\.json$)/, name);
    }
});

test('npm installs the tarball, and nothing else', async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'nova-sonic-install-'));
    t.after(() => rm(home, { recursive: true, force: true }));
    await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const tarball = await pack(home);
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: home });
    const installed = (await readdir(join(home, 'node_modules'))).filter((name) => !name.startsWith('.'));
    assert.deepEqual(installed, [NAME.split('/')[0]]);
});

test('a server may import it', async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'nova-sonic-server-'));
    t.after(() => rm(home, { recursive: true, force: true }));
    await mkdir(join(home, 'node_modules/@nova-sonic'), { recursive: true });
    await symlink(folder, join(home, 'node_modules', NAME));
    await writeFile(join(home, 'main.mjs'), `import { VoiceSession } from '${NAME}';\nconsole.log(typeof VoiceSession, typeof window);\n`);
    const { stdout, stderr } = await run(process.execPath, ['main.mjs'], { cwd: home });
    assert.equal(stdout.trim(), 'function undefined');
    assert.equal(stderr, '');
});
