// WAV files: what the microphone hears, and what the model answers.

import { readFile } from 'node:fs/promises';

const RECORDINGS = new URL('../../../examples/talk/recordings/', import.meta.url);

/** A 16-bit mono WAV file. */
export function wav(samples, rate) {
    const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    const header = Buffer.alloc(44);
    header.write('RIFF', 0, 'latin1');
    header.writeUInt32LE(36 + data.length, 4);
    header.write('WAVEfmt ', 8, 'latin1');
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(rate, 24);
    header.writeUInt32LE(2 * rate, 28);
    header.writeUInt16LE(2, 32);
    header.writeUInt16LE(16, 34);
    header.write('data', 36, 'latin1');
    header.writeUInt32LE(data.length, 40);
    return Buffer.concat([header, data]);
}

/** The samples of one of the repository's recordings, 16 kHz. */
export async function recording(name) {
    const file = await readFile(new URL(name, RECORDINGS));
    const at = file.indexOf('data', 12, 'latin1');
    const length = file.readUInt32LE(at + 4);
    const bytes = file.subarray(at + 8, at + 8 + length);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (length & ~1)));
}

/** Somebody says these one after the other, with so many seconds of silence before each, and then nothing. */
export function spoken(rate, ...parts) {
    const lengths = parts.map(({ after = 0, samples }) => Math.round(after * rate) + samples.length);
    const out = new Int16Array(lengths.reduce((sum, length) => sum + length, rate));
    let at = 0;
    for (const { after = 0, samples } of parts) {
        at += Math.round(after * rate);
        out.set(samples, at);
        at += samples.length;
    }
    return out;
}

/** Noise that is the same each time and never silent: every sample can be told from every other. */
export function noise(length, seed = 1) {
    const out = new Int16Array(length);
    let state = seed;
    for (let at = 0; at < length; at += 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        out[at] = ((state >>> 17) - 16_384) | 1;
    }
    return out;
}
