// Vectors that every language reads.

import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../tests/vectors/', import.meta.url);

/** The content of one file. */
export function vectors(name) {
    return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
}

/** The names of a folder's files. */
export function vectorFiles(folder) {
    return readdirSync(new URL(`${folder}/`, FOLDER)).map((name) => `${folder}/${name}`);
}

/** A text, or one repeated: `{"repeat":"x","times":5000}`. */
export function longText(value) {
    return typeof value === 'string' ? value : value.repeat.repeat(value.times);
}
