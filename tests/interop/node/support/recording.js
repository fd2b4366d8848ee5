// Speech that ships with the repository.

import { readFile } from 'node:fs/promises';

const QUESTION = new URL('../../../../examples/talk/recordings/question.wav', import.meta.url);

/** The samples of the recorded question as bytes: 16-bit mono at 16 kHz, as the service takes them. */
export async function question() {
    const file = await readFile(QUESTION);
    const chunks = new Map();
    for (let at = 12; at + 8 <= file.length; ) {
        const length = file.readUInt32LE(at + 4);
        chunks.set(file.toString('latin1', at, at + 4), file.subarray(at + 8, at + 8 + length));
        at += 8 + length + (length % 2);
    }
    const format = chunks.get('fmt ');
    const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
    if (channels !== 1 || rate !== 16_000 || bits !== 16) {
        throw new Error(`the question is no 16-bit mono at 16 kHz: ${channels} channels, ${rate} Hz, ${bits} bits`);
    }
    return chunks.get('data');
}
