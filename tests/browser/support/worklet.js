// An audio worklet outside of a browser: time passes when the test says so, one quantum at a time.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const WORKLETS = new URL('../../../bindings-wasm/web/worklets/', import.meta.url);
const QUANTUM = 128;

/** Loads the processor of `file` into a context of `rate`. */
export function loadWorklet(file, rate, processorOptions = {}) {
    let Processor;
    const said = [];
    const scope = vm.createContext({
        sampleRate: rate,
        currentFrame: 0,
        AudioWorkletProcessor: class {
            constructor() {
                this.port = { postMessage: (message) => said.push({ frame: scope.currentFrame, ...message }) };
            }
        },
        registerProcessor: (_name, registered) => (Processor = registered),
    });
    vm.runInContext(readFileSync(new URL(file, WORKLETS), 'utf8'), scope, { filename: file });
    const processor = new Processor({ processorOptions });
    return {
        /** What it has posted, with the frame at which it did. */
        said,
        tell: (data) => processor.port.onmessage({ data }),
        /** Samples of the node's own world, which is another one than the test's. */
        array: (type, from) => vm.runInContext(`(from) => new ${type}(from)`, scope)(Array.from(from)),
        /** Renders so many seconds; `inputs` are given to each quantum. Answers what came out. */
        render(seconds, inputs) {
            const quanta = Math.round((seconds * rate) / QUANTUM);
            const out = new Float32Array(quanta * QUANTUM);
            for (let index = 0; index < quanta; index += 1) {
                const block = new Float32Array(QUANTUM);
                processor.process([inputs?.(scope.currentFrame, QUANTUM) ?? []], [[block]]);
                out.set(block, index * QUANTUM);
                scope.currentFrame += QUANTUM;
            }
            return out;
        },
        /** The frame that is rendered next. */
        frame: () => scope.currentFrame,
    };
}
