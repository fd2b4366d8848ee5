// Compares what was heard with what was said, as sound and not as samples: browsers and sound systems change rates, and
// drift by a few samples while they do.

/** One piece that is compared, seconds. */
const PIECE_SECONDS = 0.05;
/** How far one piece may lie from where the one before it was, seconds. */
const WANDER_SECONDS = 0.03;
/** How long a loudspeaker may have been silent in between because the machine was busy, seconds. */
const STALL_SECONDS = 0.5;
/** Pieces that are more alike than this have been found. */
const ALIKE = 0.7;
/** Pieces of speech that are quieter are pauses, in which there is nothing to compare. */
const PAUSE_BELOW = 0.1;

/**
 * Looks for `said` in `heard`, piece by piece. Answers for each piece that is no pause how alike it is (1: the same shape)
 * and how much later it was heard, in samples.
 */
export function compare(heard, said, rate) {
    const length = Math.round(PIECE_SECONDS * rate);
    const loud = pieces(said, length);
    const [anchor] = [...loud].sort((one, other) => other.power - one.power);
    const start = best(heard, said, anchor.at, length, -said.length, heard.length);
    const wander = Math.round(WANDER_SECONDS * rate);
    const stall = Math.round(STALL_SECONDS * rate);
    const follow = (list, earlier, later) => {
        let { lag } = start;
        return list.map(({ at }) => {
            let found = best(heard, said, at, length, lag - wander, lag + wander);
            if (found.likeness < ALIKE) found = best(heard, said, at, length, lag - earlier, lag + later);
            // a piece that is not there says nothing about where the next one is
            if (found.likeness >= ALIKE) lag = found.lag;
            return { at, ...found, found: found.likeness >= ALIKE };
        });
    };
    const before = loud.filter(({ at }) => at < anchor.at).reverse();
    const after = loud.filter(({ at }) => at >= anchor.at);
    return [...follow(before, stall, wander).reverse(), ...follow(after, wander, stall)];
}

/** The pieces that are no pauses. */
function pieces(samples, length) {
    const all = [];
    for (let at = 0; at + length <= samples.length; at += length) {
        all.push({ at, power: power(samples.subarray(at, at + length)) });
    }
    const mean = all.reduce((sum, piece) => sum + piece.power, 0) / all.length;
    return all.filter((piece) => piece.power > PAUSE_BELOW * mean);
}

/** Where a piece of `said` is in `heard`, between two lags: the highest normalised correlation. */
function best(heard, said, at, length, from, to) {
    const piece = Float64Array.from(said.subarray(at, at + length));
    const norm = Math.sqrt(piece.reduce((sum, sample) => sum + sample * sample, 0));
    const first = Math.max(0, at + from);
    const last = Math.min(heard.length - length, at + to);
    let found = { lag: from, likeness: 0 };
    let energy = 0;
    for (let index = first; index < first + length; index += 1) energy += (heard[index] ?? 0) ** 2;
    for (let start = first; start <= last; start += 1) {
        if (energy > 0) {
            let product = 0;
            for (let index = 0; index < length; index += 1) product += piece[index] * heard[start + index];
            const likeness = product / (norm * Math.sqrt(energy));
            if (likeness > found.likeness) found = { lag: start - at, likeness };
        }
        energy += (heard[start + length] ?? 0) ** 2 - heard[start] ** 2;
    }
    return found;
}

/** The mean of the squares, of full scale. */
export function power(samples) {
    let sum = 0;
    for (const sample of samples) sum += (sample / 32_768) ** 2;
    return samples.length === 0 ? 0 : sum / samples.length;
}

/** The same as a level, dBFS. */
export function decibels(samples) {
    return 10 * Math.log10(power(samples) + 1e-12);
}

/** The value below which that share of the others lies. */
export function quantile(values, share) {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** From the first sample to the last one that can be heard at all; `undefined` where there is none. */
export function audible(samples, threshold = 300) {
    const first = samples.findIndex((sample) => Math.abs(sample) > threshold);
    if (first === -1) return undefined;
    return { first, last: samples.findLastIndex((sample) => Math.abs(sample) > threshold) };
}

/** Noise in the band of a voice: it survives every change of rate, and no piece of it is like another. */
export function murmur(length, rate, seed = 1) {
    let state = seed;
    const low = 1 - Math.exp((-2 * Math.PI * 1_500) / rate);
    const high = 1 - Math.exp((-2 * Math.PI * 200) / rate);
    const poles = [0, 0, 0, 0];
    let slow = 0;
    return Int16Array.from({ length }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        let sample = state / 2 ** 31 - 1;
        // steep, so that half a sample of delay does not change the shape
        for (const pole of poles.keys()) sample = poles[pole] += low * (sample - poles[pole]);
        slow += high * (sample - slow);
        return Math.round(Math.max(-1, Math.min(1, 2 * (sample - slow))) * 32_767);
    });
}
