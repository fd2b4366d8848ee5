// The loudspeaker's end of the audio graph: a queue of the answer's sound that starts early, grows where the network
// demands it, falls silent at the next render quantum when told to, and counts exactly what was heard.
//
// This file runs as it stands, for the reasons that capture.js gives. Its messages are typed in messages.ts.
//
// Three rules:
// - An answer begins to play as soon as `target` milliseconds of it wait, or have been waited for: never later.
// - When the queue runs dry in the middle of an answer and more of it comes soon after, the network was late: from then
//   on `target` is larger. Answers without such a gap bring it back, slowly.
// - `played` counts samples of the service's rate that have left the loudspeaker, not those handed to it: the history of
//   a conversation holds what was heard.

/** Rate of the answer's samples unless the node's options say otherwise, Hz. */
const SOURCE_RATE = 24000;
/** What is waited for at first and at most, ms. */
const FIRST_TARGET_MS = 60;
const LAST_TARGET_MS = 480;
/** A gap that is longer than this is a pause of the model: no queue could have filled it. */
const LONGEST_GAP_MS = 1000;
/** How often is reported what was played, ms. */
const REPORT_MS = 50;

/**
 * Changes the rate by a windowed sinc, for pages that bring an audio context of their own rate. The session's own
 * context has the answer's rate, and none of this runs.
 */
class Resampler {
    constructor(from, to) {
        this.step = from / to;
        this.half = 16;
        this.phases = 256;
        // below the lower of the two Nyquist frequencies, with room for the window's slope
        const cutoff = 0.94 * Math.min(1, to / from);
        const width = 2 * this.half;
        this.table = new Float32Array((this.phases + 1) * width);
        for (let phase = 0; phase <= this.phases; phase += 1) {
            let sum = 0;
            for (let tap = 0; tap < width; tap += 1) {
                const x = tap - this.half + 1 - phase / this.phases;
                const angle = Math.PI * x * cutoff;
                const sinc = x === 0 ? 1 : Math.sin(angle) / angle;
                const edge = x / this.half;
                // Blackman: side lobes below -58 dB, so that nothing of the voice is mirrored audibly
                const window =
                    Math.abs(edge) > 1 ? 0 : 0.42 + 0.5 * Math.cos(Math.PI * edge) + 0.08 * Math.cos(2 * Math.PI * edge);
                this.table[phase * width + tap] = sinc * window;
                sum += sinc * window;
            }
            for (let tap = 0; tap < width; tap += 1) this.table[phase * width + tap] /= sum;
        }
        this.reset();
    }

    reset() {
        this.past = new Float32Array(2 * this.half);
        this.at = 0;
    }

    /** The next samples, continuing those before. */
    run(samples, length) {
        const width = 2 * this.half;
        const line = new Float32Array(width + length);
        line.set(this.past);
        for (let index = 0; index < length; index += 1) line[width + index] = samples[index] / 32768;
        const count = Math.max(0, Math.ceil((length - this.at) / this.step));
        const out = new Float32Array(count);
        for (let index = 0; index < count; index += 1) {
            const whole = Math.floor(this.at);
            const phase = Math.round((this.at - whole) * this.phases) * width;
            let sum = 0;
            for (let tap = 0; tap < width; tap += 1) sum += line[whole + tap + 1] * this.table[phase + tap];
            out[index] = sum;
            this.at += this.step;
        }
        this.at -= length;
        this.past = line.slice(length);
        return out;
    }
}

class PlaybackProcessor extends AudioWorkletProcessor {
    constructor({ processorOptions: { rate = SOURCE_RATE, bufferMs = FIRST_TARGET_MS } = {} } = {}) {
        super();
        this.rate = rate;
        this.resampler = rate === sampleRate ? undefined : new Resampler(rate, sampleRate);
        this.queue = [];
        this.queued = 0;
        /** The turn that sounds or sounded last, and how many frames of it were rendered. */
        this.turn = 0;
        this.rendered = 0;
        this.reported = 0;
        this.silentFor = 0;
        this.playing = false;
        this.waitedFor = 0;
        this.held = false;
        this.gain = 1;
        this.firstTarget = this.frames(bufferMs);
        this.target = this.firstTarget;
        this.latency = 0;
        this.sinceReport = 0;
        this.underruns = 0;
        this.gapFrames = 0;
        this.gapInTurn = false;
        this.flush = undefined;
        this.port.onmessage = ({ data }) => this.receive(data);
    }

    frames(milliseconds) {
        return Math.round((milliseconds * sampleRate) / 1000);
    }

    milliseconds(frames) {
        return (frames * 1000) / sampleRate;
    }

    receive(message) {
        if (message.type === 'sound') this.add(message);
        else if (message.type === 'flush') this.drop(message.turn);
        else if (message.type === 'hold') this.held = true;
        else if (message.type === 'resume') this.held = false;
        else if (message.type === 'latency') this.latency = Math.round(message.seconds * sampleRate);
    }

    add({ turn, samples, length }) {
        if (this.queued === 0 && !this.playing) this.begin(turn);
        if (this.resampler === undefined) {
            this.queue.push({ turn, samples, length, at: 0, scale: 1 / 32768 });
            this.queued += length;
        } else {
            const changed = this.resampler.run(samples, length);
            this.queue.push({ turn, samples: changed, length: changed.length, at: 0, scale: 1 });
            this.queued += changed.length;
            this.giveBack(samples);
        }
    }

    /** Something waits again. If it is more of what ran dry, it came late. */
    begin(turn) {
        this.waitedFor = 0;
        if (turn !== this.turn || this.rendered === 0) return;
        if (this.silentFor > this.frames(LONGEST_GAP_MS)) return;
        this.underruns += 1;
        this.gapInTurn = true;
        this.gapFrames += this.silentFor;
        this.target = Math.min(this.frames(LAST_TARGET_MS), Math.round(this.target * 1.5));
        this.tellStatistics();
    }

    /** Drops what waits of `turn` and of those before it; silence begins with the next quantum. */
    drop(turn) {
        const stays = this.queue.filter((entry) => entry.turn > turn);
        for (const entry of this.queue) if (entry.turn <= turn) this.finish(entry);
        this.queue = stays;
        this.queued = stays.reduce((sum, entry) => sum + entry.length - entry.at, 0);
        if (this.turn <= turn) {
            this.playing = false;
            this.waitedFor = 0;
            this.resampler?.reset();
            // what has been rendered is on its way to the ear and will be heard
            if (this.turn !== 0) this.report(this.rendered);
        }
        this.held = false;
        this.flush = turn;
    }

    process(_inputs, outputs) {
        const out = outputs[0][0];
        if (this.flush !== undefined) {
            this.port.postMessage({ type: 'flushed', turn: this.flush, samples: this.inSamples(this.rendered), frame: currentFrame });
            this.flush = undefined;
        }
        // held: this quantum fades out, and the next one consumes nothing
        const silent = this.held && this.gain === 0;
        const written = !silent && this.ready(out.length) ? this.render(out) : 0;
        if (written > 0) this.silentFor = out.length - written;
        else this.silentFor += out.length;
        this.fade(out);
        this.sinceReport += out.length;
        if (this.turn !== 0 && this.sinceReport >= this.frames(REPORT_MS)) {
            this.sinceReport = 0;
            this.report(this.rendered - Math.max(0, this.latency - this.silentFor));
        }
        return true;
    }

    /** Whether there is something to play and it has waited for long enough. */
    ready(quantum) {
        if (this.playing) return true;
        if (this.queued === 0) return false;
        this.waitedFor += quantum;
        this.playing = this.queued >= this.target || this.waitedFor >= this.target;
        return this.playing;
    }

    /** Fills `out` from the queue; tells how many frames there were. */
    render(out) {
        let written = 0;
        while (written < out.length && this.queue.length > 0) {
            const entry = this.queue[0];
            if (entry.turn !== this.turn) this.change(entry.turn);
            const count = Math.min(out.length - written, entry.length - entry.at);
            const { samples, at, scale } = entry;
            for (let index = 0; index < count; index += 1) out[written + index] = samples[at + index] * scale;
            entry.at += count;
            written += count;
            this.rendered += count;
            this.queued -= count;
            if (entry.at === entry.length) this.finish(this.queue.shift());
        }
        if (this.queue.length === 0) this.playing = false;
        return written;
    }

    change(turn) {
        if (this.turn !== 0) this.report(this.rendered);
        // an answer without a gap: a little less will do next time
        if (!this.gapInTurn) this.target = Math.max(this.firstTarget, Math.round(this.target * 0.9));
        this.turn = turn;
        this.rendered = 0;
        this.reported = 0;
        this.gapInTurn = false;
    }

    /** Holding and going on again take one quantum, so that neither clicks. */
    fade(out) {
        const to = this.held ? 0 : 1;
        const from = this.gain;
        if (from === 1 && to === 1) return;
        for (let index = 0; index < out.length; index += 1) out[index] *= from + ((to - from) * index) / out.length;
        this.gain = to;
    }

    finish(entry) {
        if (this.resampler === undefined) this.giveBack(entry.samples);
    }

    giveBack(samples) {
        this.port.postMessage({ type: 'spare', samples }, [samples.buffer]);
    }

    inSamples(frames) {
        return Math.floor((frames * this.rate) / sampleRate);
    }

    report(frames) {
        const samples = this.inSamples(Math.max(0, frames));
        if (samples <= this.reported) return;
        this.reported = samples;
        this.port.postMessage({ type: 'played', turn: this.turn, samples });
    }

    tellStatistics() {
        const { underruns } = this;
        const bufferedMs = this.milliseconds(this.queued);
        const targetMs = this.milliseconds(this.target);
        const gapMs = this.milliseconds(this.gapFrames);
        this.port.postMessage({ type: 'statistics', statistics: { bufferedMs, targetMs, underruns, gapMs } });
    }
}

registerProcessor('nova-sonic-playback', PlaybackProcessor);
