// What a visitor downloads: each part of the package, beside the AWS SDK's one command without any sound.

import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DIST = fileURLToPath(new URL('../../bindings-wasm/dist/', import.meta.url));
const COMMAND = 'InvokeModelWithBidirectionalStreamCommand';
/** Parts that a page loads only in certain cases. */
const EXTRA = { 'inline.js': 'where the files cannot be had', 'react.js': 'for React' };

/** The client of the SDK with the one command, as a bundler makes it for a page. */
export async function sdkBundle() {
    const { outputFiles } = await build({
        stdin: { contents: `export { BedrockRuntimeClient, ${COMMAND} } from '@aws-sdk/client-bedrock-runtime';`, resolveDir: HERE },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        legalComments: 'none',
        write: false,
    });
    return Buffer.from(outputFiles[0].contents);
}

/** Bytes of every part, as it is and compressed. */
export async function sizes(sdk) {
    const names = (await readdir(DIST)).filter((name) => /\.(js|wasm)$/.test(name));
    const parts = await Promise.all(
        names.sort().map(async (name) => ({ name, when: EXTRA[name], ...weights(shipped(name, await readFile(DIST + name))) })),
    );
    const always = parts.filter(({ when }) => when === undefined);
    const sum = (key) => always.reduce((total, part) => total + part[key], 0);
    return { parts, total: { raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') }, sdk: weights(sdk) };
}

function weights(bytes) {
    return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length };
}

/** The address of a source map is for people. */
function shipped(name, bytes) {
    if (!name.endsWith('.js')) return bytes;
    return Buffer.from(bytes.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
}
