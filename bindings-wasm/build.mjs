// Makes `dist` from `web`: bundles, worklets, the inline copies, and the declarations. The engine, `engine_bg.wasm`, lies
// there already: `cargo xtask build web` puts it there and then runs this.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const DIST = at('dist/');
const ENGINE = 'engine_bg.wasm';

if (!existsSync(DIST + ENGINE)) {
    throw new Error('dist/engine_bg.wasm is not there: build the package with `cargo xtask build web`');
}
for (const name of readdirSync(DIST)) if (name !== ENGINE) rmSync(DIST + name, { recursive: true });

const common = {
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
};

/** Keeps an import as it will be found in `dist`. */
const external = (filter, path) => ({
    name: `external ${path}`,
    setup({ onResolve }) {
        onResolve({ filter }, ({ kind }) => (kind === 'entry-point' ? undefined : { path, external: true }));
    },
});

await build({
    ...common,
    entryPoints: [at('web/index.ts')],
    outfile: `${DIST}index.js`,
    plugins: [external(/\/inline\.js$/, './inline.js')],
});
await build({ ...common, entryPoints: [at('web/worker/main.ts')], outfile: `${DIST}worker.js` });
if (existsSync(at('web/react/index.ts'))) {
    await build({
        ...common,
        entryPoints: [at('web/react/index.ts')],
        outfile: `${DIST}react.js`,
        jsx: 'automatic',
        external: ['react', 'react/jsx-runtime'],
        // one copy of the session, whichever entry it comes from; the directive is for frameworks that render on servers
        plugins: [external(/^\.\.\/index\.js$/, './index.js')],
        banner: { js: '"use client";' },
    });
}

/** Vite makes data: addresses of smaller assets, which a strict Content-Security-Policy forbids. */
const SMALLEST_ASSET = 4200;
for (const name of ['capture.js', 'playback.js']) {
    await build({ ...common, bundle: false, entryPoints: [at(`web/worklets/${name}`)], outfile: DIST + name });
    const code = readFileSync(DIST + name, 'utf8');
    const missing = SMALLEST_ASSET - Buffer.byteLength(code);
    // at the end, where no line of the source map is moved
    if (missing > 0) writeFileSync(DIST + name, `${code}//${'.'.repeat(missing)}\n`);
}

// for places where the files themselves cannot be had
const text = (name) => readFileSync(DIST + name, 'utf8').replace(/\n\/\/# sourceMappingURL=\S*/, '');
const inline = {
    worker: text('worker.js'),
    capture: text('capture.js'),
    playback: text('playback.js'),
    wasm: readFileSync(DIST + ENGINE).toString('base64'),
};
const lines = Object.entries(inline).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
writeFileSync(`${DIST}inline.js`, `${lines.join('\n')}\n`);

execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '--emitDeclarationOnly', '--declaration'], {
    cwd: at('.'),
    stdio: 'inherit',
});
// the worker's declarations are nobody's business
for (const name of ['worker', 'worklets']) rmSync(`${DIST}${name}`, { recursive: true, force: true });
