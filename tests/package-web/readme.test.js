// The guide's code is code: it is checked against the types that are shipped, with React 18's and 19's.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { NAME, unpacked } from './support/package.js';

const run = promisify(execFile);
const MODULES = fileURLToPath(new URL('node_modules/', import.meta.url));

/** The guide's blocks of TypeScript, each a module of its own. */
function blocksOf(text) {
    return [...text.matchAll(/^```(ts|tsx)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code }));
}

for (const react of ['react', 'react-18']) {
    test(`every block of the guide is accepted by the compiler, with the types of ${react}`, { timeout: 120_000 }, async (t) => {
        const files = await unpacked(t);
        const home = await mkdtemp(join(tmpdir(), 'nova-sonic-readme-'));
        t.after(() => rm(home, { recursive: true, force: true }));
        await mkdir(join(home, 'node_modules/@nova-sonic'), { recursive: true });
        await mkdir(join(home, 'node_modules/@types'), { recursive: true });
        await symlink(files, join(home, 'node_modules', NAME));
        await symlink(join(MODULES, '@types', react), join(home, 'node_modules/@types/react'));
        for (const name of ['csstype', '@types/prop-types']) {
            await symlink(join(MODULES, name), join(home, 'node_modules', name));
        }

        const blocks = blocksOf(await readFile(join(files, 'README.md'), 'utf8'));
        assert.ok(blocks.length >= 4, `${blocks.length} blocks`);
        for (const [at, { language, code }] of blocks.entries()) {
            await writeFile(join(home, `block-${at + 1}.${language}`), `${code}\nexport {};\n`);
        }
        const compilerOptions = {
            strict: true,
            noEmit: true,
            exactOptionalPropertyTypes: true,
            // the shipped declarations are checked along with the blocks
            skipLibCheck: false,
            module: 'esnext',
            moduleResolution: 'bundler',
            target: 'es2022',
            lib: ['es2022', 'dom', 'dom.iterable'],
            jsx: 'react-jsx',
            types: [],
            preserveSymlinks: true,
        };
        await writeFile(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['block-*'] }));
        await run(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', home]).catch(({ stdout }) => {
            assert.fail(stdout);
        });
    });
}
