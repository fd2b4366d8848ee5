// The SDK as a browser gets it: bundled for one, with the WebSocket that Node 20 lacks.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { WebSocket } from 'ws';

import { run } from '../support/program.js';

globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
        super(url);
        // a browser's socket that nobody asked about its errors keeps them to itself
        this.on('error', () => {});
    }
};

const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-interop-'));
try {
    const outfile = join(folder, 'sdk.mjs');
    await build({
        stdin: {
            contents: "export { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from '@aws-sdk/client-bedrock-runtime';",
            resolveDir: fileURLToPath(new URL('..', import.meta.url)),
        },
        bundle: true,
        platform: 'browser',
        format: 'esm',
        outfile,
        logLevel: 'error',
    });
    await run(await import(pathToFileURL(outfile).href));
} finally {
    await rm(folder, { recursive: true, force: true });
}
