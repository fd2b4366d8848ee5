// Lays out under `npm` what is published, as napi-rs does it: one package with all the JavaScript, and for each platform
// one with nothing but its native part, of which npm installs the one that fits. A machine has the native part that it has
// built; a release brings those of the other machines together.

import { access, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const LICENSES = ['LICENSE-APACHE', 'LICENSE-MIT'];

/** What npm asks of a machine, by the compiler's name of a platform: `x86_64-unknown-linux-gnu`. */
function platform(target) {
    const [machine, , system, abi] = target.split('-');
    const cpu = { x86_64: 'x64', aarch64: 'arm64' }[machine];
    const os = { linux: 'linux', darwin: 'darwin', windows: 'win32' }[system];
    const libc = { gnu: 'glibc', musl: 'musl' }[os === 'linux' ? abi : ''];
    return { triple: [os, cpu, ...(abi === undefined ? [] : [abi])].join('-'), os, cpu, libc };
}

const { napi, private: _private, scripts: _scripts, devDependencies: _development, ...common } = JSON.parse(
    await readFile(at('package.json'), 'utf8'),
);
const { name, version, license, engines } = common;
await rm(at('npm'), { recursive: true, force: true });

async function lay(folder, manifest, readme, files) {
    await mkdir(at(`npm/${folder}`), { recursive: true });
    await writeFile(at(`npm/${folder}/package.json`), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await writeFile(at(`npm/${folder}/README.md`), readme);
    for (const file of [...LICENSES, ...files]) await copyFile(at(file), at(`npm/${folder}/${file.split('/').at(-1)}`));
}

const optionalDependencies = {};
for (const { triple, os, cpu, libc } of napi.targets.map(platform)) {
    const main = `${napi.binaryName}.${triple}.node`;
    const own = `${napi.packageName}-${triple}`;
    const description = `The native part of ${name} for ${triple}`;
    const manifest = { name: own, version, description, license, os: [os], cpu: [cpu], ...(libc && { libc: [libc] }), main, files: [main], engines };
    const built = await access(at(`dist/${main}`)).then(() => [`dist/${main}`], () => []);
    await lay(triple, manifest, `# ${own}\n\n${description}: npm installs it beside that package where it fits.\n`, built);
    optionalDependencies[own] = version;
}
await lay('node', { ...common, optionalDependencies }, await readFile(at('README.md'), 'utf8'), []);
await cp(at('dist'), at('npm/node/dist'), { recursive: true, filter: (path) => !path.endsWith('.node') });
