// Tables and budgets, as the benches in Rust print them.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What was promised, and whether it held. */
export class Budgets {
    #broken = [];
    #open = [];
    #held = 0;

    /** Notes that `value` must not exceed `limit`; says so in a cell of a table. */
    atMost(what, value, limit) {
        if (value <= limit) {
            this.#held += 1;
            return `≤ ${number(limit)} ok`;
        }
        this.#broken.push(`${what}: ${number(value)}, budget ≤ ${number(limit)}`);
        return `≤ ${number(limit)} BROKEN`;
    }

    /** Notes that `value` is judged by nobody here, and why; says so in a cell of a table. */
    leaveOpen(what, value, limit, why) {
        this.#open.push(`${what}: ${number(value)}, budget ≤ ${number(limit)}: ${why}`);
        return `≤ ${number(limit)} not judged`;
    }

    /** Prints the verdict; whether everything held. */
    verdict() {
        for (const broken of this.#broken) console.log(`budget broken: ${broken}`);
        for (const open of this.#open) console.log(`budget not judged: ${open}`);
        const open = this.#open.length > 0 ? `, ${this.#open.length} not judged` : '';
        console.log(`${this.#held} budgets held, ${this.#broken.length} broken${open}`);
        return this.#broken.length === 0;
    }
}

/** Prints rows under a heading, in Markdown, numbers to the right. */
export function table(heading, rows) {
    const widths = heading.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column])].map((cell) => cell.length)));
    const line = (cells) =>
        console.log(`| ${cells.map((cell, column) => (/^\d/.test(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`);
    line(heading);
    line(widths.map((width) => '-'.repeat(width)));
    for (const row of rows) line(row);
    console.log();
}

/** Which machine, which moment: figures without conditions say nothing. */
export function conditions(what, details) {
    const [{ model } = { model: 'unknown' }] = cpus();
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
    console.log(`## ${what}\n\n${cpus().length} cores, ${model}; load average ${load} before the start; ${details}\n`);
}

/** Runs `measure`; answers what it does, and which share of the cores' time the machine below took away meanwhile. */
export async function withStolen(measure) {
    const before = coreTimes();
    const result = await measure();
    const after = coreTimes();
    return { ...result, stolen: (after.stolen - before.stolen) / Math.max(1, after.all - before.all) };
}

/** The cores' time since the start, in the kernel's ticks. */
function coreTimes() {
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests take is in the first two
    const ticks = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).slice(1, 9).map(Number);
    return { all: ticks.reduce((sum, count) => sum + count, 0), stolen: ticks[7] ?? 0 };
}

/** A number as people write it. */
export function number(value, digits = Number.isInteger(value) ? 0 : 1) {
    return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The value that `share` of the list does not exceed. */
export function percentile(list, share) {
    const sorted = [...list].sort((one, other) => one - other);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
