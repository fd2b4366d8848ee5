// The application: its pages, the package's files, and its endpoint for credentials.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { issueGrant } from '../../interop/node/support/grants.js';

const PAGES = fileURLToPath(new URL('../page/', import.meta.url));
const DIST = fileURLToPath(new URL('../../../bindings-wasm/dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.wasm': 'application/wasm' };

/**
 * Serves until `t` ends. `policy` is the page's Content-Security-Policy; `missing` are files of the package that are not
 * there. What is answered to a request for credentials can be changed at any time by `answer`.
 */
export async function startSite(t, simulator, { policy, missing = [], permissions } = {}) {
    const site = {
        /** Requests for credentials, with what they brought along. */
        asked: [],
        /** Answers the next requests: an object `{ status, body, headers }`, or a function that changes a grant. */
        answer: undefined,
        grantOptions: { plain: false },
    };
    const headers = {
        'Cache-Control': 'no-store',
        ...(policy && { 'Content-Security-Policy': policy }),
        ...(permissions && { 'Permissions-Policy': permissions }),
    };
    const server = createServer((request, response) => {
        serve(request, response).catch((error) => {
            response.writeHead(500).end();
            site.broken = error;
        });
    });

    async function serve(request, response) {
        const { pathname } = new URL(request.url, 'http://localhost');
        if (pathname === '/grant') {
            site.asked.push({ method: request.method, headers: request.headers });
            const { status, body, headers: own } = await credentials();
            response.writeHead(status, { 'Content-Type': 'application/json', ...headers, ...own });
            response.end(typeof body === 'string' ? body : JSON.stringify(body));
            return;
        }
        if (pathname === '/favicon.ico') {
            response.writeHead(204).end();
            return;
        }
        const file = pathname.startsWith('/dist/')
            ? !missing.includes(pathname.slice(6)) && join(DIST, normalize(pathname.slice(6)))
            : join(PAGES, pathname === '/' ? 'index.html' : normalize(pathname));
        const bytes = file && (await readFile(file).catch(() => undefined));
        if (!bytes) {
            response.writeHead(404, headers).end();
            return;
        }
        const cookie = pathname === '/' ? { 'Set-Cookie': ['session=open; HttpOnly; SameSite=Strict', 'csrftoken=a%20token'] } : {};
        response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain', ...headers, ...cookie }).end(bytes);
    }

    async function credentials() {
        if (typeof site.answer === 'object') return { status: 200, body: {}, ...site.answer };
        const { grant } = await issueGrant(simulator, site.grantOptions);
        return { status: 200, body: typeof site.answer === 'function' ? site.answer(grant) : grant };
    }

    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    site.origin = `http://localhost:${server.address().port}`;
    return site;
}
