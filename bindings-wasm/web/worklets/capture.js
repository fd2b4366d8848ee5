// The microphone's end of the audio graph: collects about 32 ms, mixes to mono, and posts that to whoever holds the
// port. Runs on the audio thread, so it neither waits nor, once it has a few buffers, allocates.
//
// This file runs as it stands: no imports, no names of a page's world. Audio worklets have no fetch, no timers and no text
// decoder, and bundlers copy a worklet's file without looking into it.
//
// Resampling is not done here: the engine in the worker does it with the same filter for every browser. A context that
// is forced to 16 kHz was refused by older versions of Firefox, and drifts by milliseconds in newer ones.
//
// Messages, out: { samples: Float32Array }    a block; its buffer is transferred
// Messages, in:  Float32Array                 the same buffer back, to be filled again
//                'stop'                       the end: the browser may collect the node

/** The frame that Nova Sonic's guide recommends, seconds. */
const BLOCK_SECONDS = 0.032;

/** Blocks that may be under way at once. More means that the worker has not read for a second: new sound is dropped. */
const BLOCK_LIMIT = 32;

class CaptureProcessor extends AudioWorkletProcessor {
    constructor() {
        super();
        // whole render quanta, so that a block ends where a quantum does: 1,536 samples at 48 kHz, 1,408 at 44.1 kHz
        this.quantum = 128;
        this.length = Math.max(1, Math.round((BLOCK_SECONDS * sampleRate) / this.quantum)) * this.quantum;
        /** Buffers that came back and wait to be filled. */
        this.spare = [];
        /** Blocks that were posted and have not come back. */
        this.away = 0;
        this.block = new Float32Array(this.length);
        this.filled = 0;
        this.running = true;
        this.port.onmessage = ({ data }) => {
            if (data === 'stop') {
                this.running = false;
                this.port.onmessage = null;
            } else if (data instanceof Float32Array && data.length === this.length) {
                this.away -= 1;
                this.spare.push(data);
            }
        };
    }

    /**
     * Called by the browser for each render quantum. `inputs[0]` has one Float32Array for each channel, and none at all
     * while no microphone is connected: a page may change the device while it talks. The engine then sends silence by
     * itself, so nothing is posted here.
     */
    process(inputs) {
        const channels = inputs[0];
        if (channels !== undefined && channels.length > 0) this.take(channels);
        return this.running;
    }

    take(channels) {
        const length = channels[0].length;
        // a quantum may have another size in contexts with renderSizeHint, so the block may have to be split
        for (let at = 0; at < length; ) {
            const count = Math.min(length - at, this.length - this.filled);
            this.mix(channels, at, count);
            this.filled += count;
            at += count;
            if (this.filled === this.length) this.post();
        }
    }

    /** The mean of the channels: a headset that speaks on the left one only is half as loud, and nothing clips. */
    mix(channels, from, count) {
        const { block, filled } = this;
        const first = channels[0];
        if (channels.length === 1) {
            for (let index = 0; index < count; index += 1) block[filled + index] = first[from + index];
            return;
        }
        const share = 1 / channels.length;
        for (let index = 0; index < count; index += 1) {
            let sum = 0;
            for (let channel = 0; channel < channels.length; channel += 1) sum += channels[channel][from + index];
            block[filled + index] = sum * share;
        }
    }

    post() {
        this.filled = 0;
        // nobody reads: the oldest sound is on its way already, and the newest is overwritten until somebody does
        if (this.away >= BLOCK_LIMIT) return;
        this.away += 1;
        const block = this.block;
        this.port.postMessage({ samples: block }, [block.buffer]);
        this.block = this.spare.pop() ?? new Float32Array(this.length);
    }
}

registerProcessor('nova-sonic-capture', CaptureProcessor);
