// Programs that only some systems have.

import { existsSync } from 'node:fs';

/**
 * Why a browser cannot be tested here: `undefined` where its programs are there, and an error where they could be, for
 * Debian and its relatives have them all. `programs`: each program's path by the package that it is in.
 */
export function wanted(name, programs) {
    const missing = Object.entries(programs).filter(([, path]) => path === undefined || !existsSync(path));
    if (missing.length === 0) return undefined;
    const packages = missing.map(([name]) => name).join(', ');
    if (process.platform === 'linux' && existsSync('/usr/bin/apt-get')) {
        throw new Error(`${name} cannot be tested: install the packages ${packages}`);
    }
    return `${name} is tested with Debian's packages only, and this system does not have them: ${packages}`;
}
