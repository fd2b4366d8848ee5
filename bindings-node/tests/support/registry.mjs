// A registry for npm on this machine: it has the packages of some folders, and nothing else.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Packs these folders, as far as they were built here, and serves them until `t` ends: its address, and for each package the names of its files. */
export async function startRegistry(t, folders) {
    const store = await mkdtemp(join(tmpdir(), 'nova-sonic-registry-'));
    t.after(() => rm(store, { recursive: true, force: true }));
    const packed = [];
    for (const folder of folders) {
        const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
        // what was built elsewhere is known by name alone: npm has no reason to fetch it here
        if (!existsSync(join(folder, manifest.main))) {
            packed.push({ manifest, filename: 'elsewhere.tgz', dist: {}, files: [] });
            continue;
        }
        const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', store], { cwd: folder });
        const [{ filename, integrity, shasum, files }] = JSON.parse(stdout);
        packed.push({ manifest, filename, dist: { integrity, shasum }, files: files.map(({ path }) => path) });
    }
    const server = createServer(async (request, response) => {
        const path = decodeURIComponent(request.url.slice(1));
        const tarball = packed.find(({ filename, files }) => files.length > 0 && path === `-/${filename}`);
        if (tarball !== undefined) return response.end(await readFile(join(store, tarball.filename)));
        const found = packed.find(({ manifest }) => path === manifest.name);
        if (found === undefined) return response.writeHead(404).end('{"error":"not found"}');
        const { manifest, filename, dist } = found;
        const one = { ...manifest, dist: { ...dist, tarball: `${url}-/${filename}` } };
        const document = { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: one } };
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    const url = `http://127.0.0.1:${server.address().port}/`;
    return { url, cache: join(store, 'cache'), packages: new Map(packed.map(({ manifest, files }) => [manifest.name, { manifest, files }])) };
}
