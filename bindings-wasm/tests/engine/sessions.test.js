// The scripts that the session machine is held to in Rust give the same through the engine as it is shipped.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, seed, thrown } from './support/engine.js';
import { play, settings } from './support/script.js';
import { vectorFiles, vectors } from './support/vectors.js';

/** The core's names of settings in JavaScript's spelling. */
const SPELLINGS = [
    ['system_prompt', 'systemPrompt'],
    ['voice_id', 'voice'],
    ['inference.temperature', 'temperature'],
    ['tool_choice', 'toolChoice'],
    ['timing.gap', 'limits.gapMs'],
    ['timing.keep_alive', 'limits.keepAliveMs'],
];

const files = vectorFiles('sessions');
assert.ok(files.length >= 8, `${files.length} files of scripts were found`);

for (const file of files) {
    test(`the scripts of ${file}`, () => {
        for (const script of vectors(file)) {
            if (script.error) refuses(script);
            else for (const { at, input, expected, came } of play(script)) {
                assert.deepEqual(came, expected, `${script.name}, at ${at} ms: ${JSON.stringify(input).slice(0, 200)}`);
            }
        }
    });
}

function refuses({ name, config, seed: byte, error, message }) {
    const fault = thrown(() => new Engine(settings(config).config, seed(byte), 0));
    const spelled = SPELLINGS.reduce((text, [rust, javascript]) => text.replace(rust, javascript), message);
    assert.deepEqual([fault.code, fault.message], [error, spelled], name);
}
