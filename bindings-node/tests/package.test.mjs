// The package as it is installed: packed, put into an empty project, and used as the README says.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startRegistry } from './support/registry.mjs';
import { LIMIT, STORY, question, startSimulator } from './support/stage.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

const PACKED = join(PACKAGE, 'npm');

/** An empty project in which somebody has typed `npm install @nova-sonic/node`, and what the registry has. */
async function project(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-node-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const names = await readdir(PACKED);
    const registry = await startRegistry(t, names.map((name) => join(PACKED, name)));
    await writeFile(join(folder, 'package.json'), '{"name":"somebody","private":true}');
    const options = ['--registry', registry.url, '--cache', registry.cache, '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, '@nova-sonic/node'], { cwd: folder });
    return { folder, packages: registry.packages };
}

/** The first two examples of the README: a whole answer, and events as they come. */
async function examples() {
    const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
    return [...readme.matchAll(/```js\n(.*?)```/gs)].slice(0, 2).map(([, code]) => code);
}

test('what is packed works in an empty project, by import and by require, as the README says', { timeout: 300_000 }, async (t) => {
    const { folder, packages } = await project(t);
    const { files, manifest } = packages.get('@nova-sonic/node');
    assert.ok(!files.some((path) => /\.node$|^(src|lib|tests)\//.test(path)), 'neither a native part nor what only we need');
    assert.deepEqual(Object.keys(manifest.optionalDependencies).sort(), [...packages.keys()].filter((name) => name !== manifest.name).sort());
    const { triple } = await import(join(PACKAGE, 'dist/platform.js'));
    const installed = await readdir(join(folder, 'node_modules/@nova-sonic'));
    assert.deepEqual(installed.sort(), ['node', `node-${triple()}`], 'of seven native parts the one that fits');

    const simulator = await startSimulator(t, { scenario: STORY });
    await writeFile(join(folder, 'question.pcm'), Buffer.concat([await question(), Buffer.alloc(64_000)]));
    const around = (code) => `
        const question = readFileSync('question.pcm');
        let bytes = 0;
        const loudspeaker = { write: (pcm) => (bytes += pcm.length), clear: () => {} };
        ${code.replace('for await (const event of session) {', '$&\n  if (event.text?.endsWith("The end.") && event.stage === "final") session.close();')}
        console.log(bytes > 24000 ? 'heard' : 'nothing was heard');`;
    const [whole, code] = await examples();
    await writeFile(join(folder, 'talk.mjs'), `import { readFileSync } from 'node:fs';\n${around(code)}`);
    const required = (code) => code.replace(/import (\{.*?\}) from '(.*?)';/, "const $1 = require('$2');");
    await writeFile(join(folder, 'talk.cjs'), `const { readFileSync } = require('node:fs');\n(async () => {${around(required(code))}})();`);
    await writeFile(join(folder, 'ask.mjs'), whole);
    await writeFile(join(folder, 'ask.cjs'), `(async () => {${required(whole)}})();`);
    await writeFile(
        join(folder, 'same.mjs'),
        `import { createRequire } from 'node:module';
        import * as imported from '@nova-sonic/node';
        const required = createRequire(import.meta.url)('@nova-sonic/node');
        const names = Object.keys(required);
        console.log(names.length, names.every((name) => imported[name] === required[name]));`,
    );
    const env = {
        ...process.env,
        AWS_REGION: simulator.region,
        AWS_ENDPOINT_URL: simulator.http,
        AWS_ACCESS_KEY_ID: simulator.access_key_id,
        AWS_SECRET_ACCESS_KEY: simulator.secret_access_key,
    };
    for (const program of ['talk.mjs', 'talk.cjs']) {
        const { stdout } = await run(process.execPath, [program], { cwd: folder, env, timeout: 30_000 });
        assert.match(stdout, /user final Will you tell me a story\?/, program);
        assert.match(stdout, /assistant final\s+The end\.\n(.*\n)*heard\n$/, program);
    }
    for (const program of ['ask.mjs', 'ask.cjs']) {
        const { stdout } = await run(process.execPath, [program], { cwd: folder, env, timeout: 30_000 });
        assert.equal(stdout, 'Once upon a time. The end.\n', program);
        const recording = await readFile(join(folder, 'answer.wav'));
        assert.equal(recording.toString('latin1', 0, 4), 'RIFF');
        assert.ok(recording.length > 24_000, `half a second of sound at least: ${recording.length} bytes`);
        await rm(join(folder, 'answer.wav'));
    }
    const { stdout } = await run(process.execPath, ['same.mjs'], { cwd: folder });
    assert.match(stdout, /^\d+ true\n$/, 'one copy of everything, whichever way it is loaded');
});

test('the types of the native part name everything that it has, and nothing else', LIMIT, async () => {
    const types = await readFile(join(PACKAGE, 'lib/native-part.d.ts'), 'utf8');
    const declared = [...types.matchAll(/export declare (?:class|function) (\w+)/g)].map(([, name]) => name).sort();
    const { triple } = await import(join(PACKAGE, 'dist/platform.js'));
    const { createRequire } = await import('node:module');
    const part = createRequire(import.meta.url)(join(PACKAGE, `dist/nova-sonic.${triple()}.node`));
    assert.deepEqual(Object.keys(part).sort(), declared);
});
