// `npm run measure [-- COUNT]`: how long it takes from the click to the first sound that is sent, and from the end of speech to
// the first sound that is heard, on both transports; the median of COUNT exchanges (3), on a machine that does nothing else.

import { startSimulator } from '../interop/node/support/simulator.js';
import { PASSWORD, startBackend } from './support/backend.js';
import { converse } from './support/converse.js';

const count = Number(process.argv[2] ?? 3);

for (const transport of ['direct', 'relay']) {
    const endings = [];
    const run = { after: (end) => endings.unshift(end) };
    try {
        const simulator = await startSimulator(run, { scenario: 'story' });
        const backend = await startBackend(run, simulator, { settings: { STORY_TRANSPORT: transport } });
        const rows = [];
        for (let index = 0; index < count; index += 1) {
            const { ok, error, timings_ms } = await converse({ origin: backend.origin, username: 'mila', password: PASSWORD });
            if (!ok) throw new Error(error?.message ?? 'nothing was said');
            rows.push(flat(timings_ms));
        }
        const medians = Object.keys(rows[0]).map((name) => [name, median(rows.map((row) => row[name]))]);
        console.log(transport, Object.fromEntries(medians));
    } finally {
        for (const end of endings) await end();
    }
}

function flat(timings, prefix = '') {
    return Object.entries(timings).reduce(
        (all, [name, value]) => ({ ...all, ...(typeof value === 'object' ? flat(value, `${prefix}${name}: `) : { [prefix + name]: value }) }),
        {},
    );
}

function median(values) {
    return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
