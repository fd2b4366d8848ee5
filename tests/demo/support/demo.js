// `cargo xtask demo` as a child of a test, and every process that comes of it.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';

/** The longest that a demo may take to say something, ms; the machine may be busy. */
const PATIENCE_MS = 240_000;
/** Every process that a demo starts inherits this variable: by its value it is found again, whoever its parent is by then. */
const MARK = 'NOVA_SONIC_DEMO_MARK';

/** Starts a demo with `options`; `t` ends whatever a failed test leaves behind. `environment` replaces ours where given. */
export function startDemo(t, options, { environment = process.env } = {}) {
    const program = process.env.NOVA_SONIC_XTASK;
    if (!program) throw new Error('NOVA_SONIC_XTASK is not set: run this by `cargo xtask test --only story`');
    const mark = randomUUID();
    const child = spawn(program, ['demo', ...options], { env: { ...environment, [MARK]: mark }, stdio: ['ignore', 'pipe', 'pipe'] });
    const demo = new Demo(child, mark);
    t.after(() => demo.endAll());
    return demo;
}

class Demo {
    #child;
    #mark;
    /** What it has said: results on standard output, everything else on standard error. */
    output = '';
    errors = '';
    #changed = () => {};

    constructor(child, mark) {
        this.#child = child;
        this.#mark = mark;
        const note = (name) => (text) => {
            this[name] += text;
            this.#changed();
        };
        child.stdout.setEncoding('utf8').on('data', note('output'));
        child.stderr.setEncoding('utf8').on('data', note('errors'));
        /** Resolves with its exit code, once its output has been read. */
        this.ended = new Promise((resolve) => {
            child.on('close', (code) => {
                resolve(code);
                this.#changed();
            });
        });
    }

    signal(name) {
        this.#child.kill(name);
    }

    /** Waits until it has said something that `pattern` matches. */
    async says(pattern) {
        const end = Date.now() + PATIENCE_MS;
        for (;;) {
            const found = pattern.exec(this.output) ?? pattern.exec(this.errors);
            if (found) return found;
            const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
            if (isOver || Date.now() > end) throw new Error(`it never said ${pattern}:\n${this.errors}\n${this.output}`);
            await new Promise((resolve) => {
                this.#changed = resolve;
                setTimeout(resolve, 1_000).unref();
            });
        }
    }

    /** What runs of it: `{ pid, line }` of each process. */
    async processes() {
        const found = [];
        for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
            // a process may end while it is looked at
            const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
            if (!environment.split('\0').includes(`${MARK}=${this.#mark}`)) continue;
            const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
            if (line) found.push({ pid: Number(pid), line: line.replaceAll('\0', ' ').trim() });
        }
        return found;
    }

    /** The one process whose command line `pattern` matches. */
    async process(pattern) {
        const found = (await this.processes()).filter(({ line }) => pattern.test(line));
        if (found.length !== 1) throw new Error(`${found.length} processes are ${pattern}`);
        return found[0];
    }

    /** Waits a little until nothing runs of it any more; answers what still does. */
    async left() {
        for (let tries = 0; ; tries += 1) {
            const left = await this.processes();
            if (left.length === 0 || tries === 50) return left.map(({ line }) => line);
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    async endAll() {
        for (const { pid } of await this.processes()) {
            try {
                process.kill(pid, 'SIGKILL');
            } catch {
                // it has ended by itself
            }
        }
    }
}
