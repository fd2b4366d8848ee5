// A static server for what a bundler has built, with the headers that a careful site sends.

import { createServer } from 'node:http';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.map': 'application/json',
    '.wasm': 'application/wasm',
};

/**
 * Serves `folder` on a free port until test `t` ends and answers its origin. `headers` go with every answer; with
 * `paths`, a path that begins with one of its keys is read from the folder beside it instead.
 */
export async function serve(t, folder, { headers = {}, paths = {} } = {}) {
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
        const file = await fileFor(path, folder, paths);
        if (!file) {
            response.writeHead(404, headers).end();
            return;
        }
        const type = TYPES[extname(file)] ?? 'application/octet-stream';
        response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers }).end(await readFile(file));
    });
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://localhost:${server.address().port}`;
}

async function fileFor(path, folder, paths) {
    if (path.split(sep).includes('..')) return undefined;
    const [prefix, root] = Object.entries(paths).find(([prefix]) => path.startsWith(prefix)) ?? ['', folder];
    for (const file of [join(root, path.slice(prefix.length)), join(root, path.slice(prefix.length), 'index.html')]) {
        if ((await stat(file).catch(() => undefined))?.isFile()) return file;
    }
    return undefined;
}

/** A port that nobody listens on, for servers that do not say which one they took. */
export async function freePort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}
