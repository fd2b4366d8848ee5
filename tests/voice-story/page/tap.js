// Listens along, beside the way of the sound: keeps every sample, and says when it was loud.

/** Quieter than this is taken for silence, of full scale; as in `in-worker.js`. */
const SILENCE = 0.02;

class StoryTap extends AudioWorkletProcessor {
    constructor() {
        super();
        this.blocks = [];
        /** When it was loud: one `[from, to]` for each quantum, ms since the epoch; those that touch are one. */
        this.loud = [];
        this.port.onmessage = () => {
            const samples = new Float32Array(this.blocks.length * 128);
            this.blocks.forEach((block, at) => samples.set(block, at * 128));
            this.port.postMessage({ samples, loud: this.loud });
        };
    }

    process([[input]]) {
        const block = input ?? new Float32Array(128);
        this.blocks.push(block.slice());
        if (block.some((sample) => Math.abs(sample) > SILENCE)) {
            const now = Date.now();
            const last = this.loud.at(-1);
            if (last !== undefined && now - last[1] < 50) last[1] = now;
            else this.loud.push([now, now]);
        }
        return true;
    }
}

registerProcessor('story-tap', StoryTap);
