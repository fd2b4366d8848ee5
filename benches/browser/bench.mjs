// A page that talks, beside the same page with the AWS SDK: delays, costs, endurance, size. `cargo xtask bench browser`.

import { parseArgs } from 'node:util';

import { costs } from './costs.mjs';
import { LOADS, delays, floorDelays } from './delays.mjs';
import { endurance } from './endurance.mjs';
import { Budgets, conditions, number, percentile, table, withStolen } from './report.mjs';
import { startServer } from './server.mjs';
import { sdkBundle, sizes } from './sizes.mjs';
import { visit } from './visit.mjs';

const OURS = 'ours';
const FLOOR = 'floor: worklet, worker, socket';
const SUBJECTS = { ours: '@nova-sonic/web', sdk: 'AWS SDK, page' };
const PARTS = ['delays', 'costs', 'endurance', 'size'];

/** What was promised of our own package, ms and bytes. */
const LATENESS_MS = 12;
const FLUSH_MS = 20;
const CLIENT_BYTES = 64_000;
/** Compilers and collectors leave that much one way or the other; what piles up goes beyond it. */
const HEAP_SLACK_BYTES = 64 * 1024;
/** What the engine keeps of a message for the connections to come, and what handing it over takes for a moment. */
const KEPT_PER_MESSAGE_BYTES = 2 * 1024;
/** A part of the sound that was offered must have come, or the endurance was none. */
const CARRIED = 0.95;

const { values: options } = parseArgs({
    options: {
        check: { type: 'boolean', default: false },
        only: { type: 'string', default: PARTS.join(',') },
        subjects: { type: 'string', default: Object.keys(SUBJECTS).join(',') },
        loads: { type: 'string', default: LOADS.map(({ key }) => key).join(',') },
        seconds: { type: 'string', default: '15' },
        interruptions: { type: 'string', default: '60' },
        minutes: { type: 'string', default: '30' },
        speed: { type: 'string', default: '15' },
        help: { type: 'boolean', default: false },
    },
});

const HELP = `--check                fail when a budget is broken
--only PARTS           of ${PARTS.join(',')}
--subjects SUBJECTS    of ${Object.keys(SUBJECTS).join(',')}
--loads LOADS          of ${LOADS.map(({ key }) => key).join(',')}: what the page's thread does besides
--seconds 15           of an answer without interruption; also of each measurement of CPU time
--interruptions 60     in each cell
--minutes 30           of the long conversation, and how many times faster than real time it is held:
--speed 15`;

async function main() {
    const only = options.only.split(',');
    const subjects = options.subjects.split(',');
    const sdk = await sdkBundle();
    const server = await startServer({ 'sdk-bundle.js': sdk });
    const budgets = new Budgets();
    try {
        const version = await visit(server, ({ browser }) => browser.version());
        conditions('A page that talks', `Chromium ${version}, Node ${process.versions.node}`);
        if (only.includes('delays')) await reportDelays(server, subjects, budgets);
        if (only.includes('costs')) await reportCosts(server, subjects);
        if (only.includes('endurance')) await reportEndurance(server, budgets);
        if (only.includes('size')) await reportSizes(sdk, budgets);
    } finally {
        server.close();
    }
    return budgets.verdict() || !options.check;
}

async function reportDelays(server, subjects, budgets) {
    const wanted = { seconds: Number(options.seconds), interruptions: Number(options.interruptions) };
    const rows = [];
    const loads = options.loads.split(',');
    for (const load of LOADS.filter(({ key }) => loads.includes(key))) {
        const floor = await withStolen(() => floorDelays(server, load, wanted));
        const least = percentile(floor.lateness, 0.95);
        rows.push([load.name, FLOOR, ...arrivals(floor, least), '', '', '', '']);
        for (const subject of subjects) {
            const measured = await withStolen(() => delays(server, subject, load, wanted));
            const { gaps, begins, ends } = measured;
            const cells = [
                load.name,
                SUBJECTS[subject],
                ...arrivals(measured, least),
                number(gaps.reduce((sum, gap) => sum + gap, 0), 0),
                of(begins, 0.5, 0.95),
                of(ends, 0.5, 0.95, 1),
            ];
            cells.push(subject === OURS ? judge(load, measured, least, budgets) : '');
            rows.push(cells);
        }
    }
    table(
        [
            "page's thread busy",
            'client',
            'frames late p50 / p95 / p99 / max',
            'p95 × floor',
            '> 50 ms',
            'lost',
            'stolen',
            'gap',
            'answer begins p50 / p95',
            'silence p50 / p95 / max',
            'budgets',
        ],
        rows,
    );
}

/** How sound came to the server: cells of a row. */
function arrivals({ lateness, lost, stolen }, least) {
    const late = lateness.filter((ms) => ms > 50).length / lateness.length;
    return [
        of(lateness, 0.5, 0.95, 0.99, 1),
        number(percentile(lateness, 0.95) / least, 2),
        `${number(100 * late, 1)} %`,
        number(Math.max(0, lost), 0),
        `${number(100 * stolen, 1)} %`,
    ];
}

function of(list, ...shares) {
    return shares.map((share) => number(percentile(list, share), 1)).join(' / ');
}

function judge({ name }, { lateness, gaps, broken, ends }, least, budgets) {
    const of = (what) => `${what}, page's thread ${name}, ms`;
    const late = [of('frames late, p95'), percentile(lateness, 0.95), LATENESS_MS];
    return [
        least > LATENESS_MS
            ? budgets.leaveOpen(...late, `the floor alone is late by ${number(least)}, which no client can mend`)
            : budgets.atMost(...late),
        budgets.atMost(of('gap'), Math.max(0, ...gaps) + broken, 0),
        budgets.atMost(of('silence, p95'), percentile(ends, 0.95), FLUSH_MS),
    ].join('; ');
}

async function reportCosts(server, subjects) {
    const columns = ['page', 'worker', 'worklets', 'devices', 'rest', 'browser'];
    const rows = [];
    for (const subject of subjects) {
        const shares = await costs(server, subject, { seconds: Number(options.seconds) });
        const total = columns.reduce((sum, column) => sum + (shares[column] ?? 0), 0);
        rows.push([SUBJECTS[subject], ...[...columns.map((column) => shares[column] ?? 0), total].map((share) => number(share, 2))]);
    }
    table(["CPU of one core, %", "page's thread", 'worker', 'worklets', 'audio devices', 'rest of the page', 'rest of the browser', 'all'], rows);
}

async function reportEndurance(server, budgets) {
    const { readings, offered, came } = await endurance(server, { minutes: Number(options.minutes), speed: Number(options.speed) });
    const kilobytes = (bytes) => number(bytes / 1024, 0);
    table(
        ['after', "page's objects, KiB", "worker's objects, KiB", 'WebAssembly, KiB', 'messages kept', 'connections'],
        readings.map(({ minute, page, worker, wasm, messages, renewed }) => [
            `${minute} min`,
            kilobytes(page),
            kilobytes(worker),
            kilobytes(wasm),
            number(messages),
            number(renewed + 1),
        ]),
    );
    if (came < CARRIED * offered) {
        console.log(`not counted: of the microphone's sound ${number((100 * came) / offered, 1)} % came; choose a lower --speed\n`);
    }
    const [first, last] = [readings.at(0), readings.at(-1)];
    const shown = 2 * (last.text - first.text);
    budgets.atMost("growth of the page's objects beyond its messages, bytes", last.page - first.page - shown, HEAP_SLACK_BYTES);
    budgets.atMost("growth of the worker's objects, bytes", last.worker - first.worker, HEAP_SLACK_BYTES);
    const kept = KEPT_PER_MESSAGE_BYTES * (last.messages - first.messages);
    budgets.atMost("growth of the WebAssembly beyond the conversation's history, bytes", Math.max(0, last.wasm - first.wasm - kept), 0);
}

async function reportSizes(sdk, budgets) {
    const { parts, total, sdk: other } = await sizes(sdk);
    const cells = ({ raw, gzip, brotli }) => [raw, gzip, brotli].map((bytes) => number(bytes));
    table(
        ['bytes', 'raw', 'gzip -9', 'brotli', 'budget'],
        [
            ...parts.filter(({ when }) => when === undefined).map((part) => [part.name, ...cells(part), '']),
            ['complete client', ...cells(total), budgets.atMost('complete client, bytes of gzip', total.gzip, CLIENT_BYTES)],
            ...parts.filter(({ when }) => when !== undefined).map((part) => [`${part.name}, ${part.when}`, ...cells(part), '']),
            ["AWS SDK's one command, without sound", ...cells(other), ''],
        ],
    );
}

if (options.help) {
    console.log(HELP);
} else {
    process.exitCode = (await main()) ? 0 : 1;
}
