// Tools' schemas: what the model is shown, and what is checked before a tool runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as zod4 from 'zod';
import * as zod3 from 'zod-3';

import { compiled } from './compiled.mjs';

const { schemaText, checked } = await compiled('page/schema.ts');
const { zodSchema } = await compiled('page/zod.ts');

const shown = (schema) => JSON.parse(schemaText('tool', schema));

function weather({ z }) {
    return z.object({
        city: z.string().describe('Where.'),
        days: z.number().int().optional(),
        unit: z.enum(['celsius', 'fahrenheit']).default('celsius'),
        near: z.array(z.object({ name: z.string(), exact: z.boolean() })).nullable(),
        kind: z.union([z.literal('rain'), z.literal('sun')]),
        extra: z.record(z.string(), z.number()).optional(),
    });
}

test('JSON Schema is shown as it is, its properties in their order', () => {
    const schema = { type: 'object', properties: { zebra: { type: 'string' }, ant: { type: 'string' } }, required: ['zebra'] };
    assert.equal(schemaText('tool', schema), JSON.stringify(schema));
    assert.deepEqual(shown(undefined), { type: 'object', properties: {} });
});

for (const [version, zod] of [
    ['3', zod3],
    ['4', zod4],
]) {
    test(`a schema of zod ${version} is shown as JSON Schema`, () => {
        const { type, properties, required, $schema } = shown(weather(zod));
        assert.equal(type, 'object');
        assert.equal($schema, undefined);
        assert.deepEqual(properties.city, { type: 'string', description: 'Where.' });
        assert.equal(properties.days.type, 'integer');
        assert.deepEqual(properties.unit.enum, ['celsius', 'fahrenheit']);
        assert.ok(required.includes('city') && required.includes('near') && !required.includes('days'));
    });

    test(`our own reading of zod ${version} covers what tools use`, () => {
        const { properties, required } = zodSchema(weather(zod));
        assert.deepEqual(properties, {
            city: { type: 'string', description: 'Where.' },
            days: { type: 'integer' },
            unit: { enum: ['celsius', 'fahrenheit'] },
            near: {
                anyOf: [
                    {
                        type: 'array',
                        items: {
                            type: 'object',
                            properties: { name: { type: 'string' }, exact: { type: 'boolean' } },
                            required: ['name', 'exact'],
                        },
                    },
                    { type: 'null' },
                ],
            },
            kind: { anyOf: [{ enum: ['rain'] }, { enum: ['sun'] }] },
            extra: { type: 'object', additionalProperties: { type: 'number' } },
        });
        assert.deepEqual(required, ['city', 'near', 'kind']);
    });

    test(`zod ${version} checks what the model gives, and says what is wrong`, async () => {
        const schema = weather(zod);
        const input = { city: 'Oslo', near: null, kind: 'sun' };
        assert.deepEqual(await checked(schema, input), { ...input, unit: 'celsius' });
        await assert.rejects(checked(schema, { city: 7 }), /the input is not valid: .*string/);
    });
}

test('a schema that says nothing of itself is refused when the session is made', () => {
    const schema = { '~standard': { version: 1, vendor: 'other', validate: (value) => ({ value }) } };
    assert.throws(() => schemaText('look', schema), ({ code, message }) => code === 'configuration_invalid' && /look/.test(message));
});
