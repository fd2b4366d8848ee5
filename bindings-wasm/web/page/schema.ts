// Schemas of tools: JSON Schema as it is, and what zod and its kind can be asked for.

import { voiceError } from '../errors.js';
import type { JsonSchema, StandardResult, StandardSchema } from '../options.js';
import { zodSchema } from './zod.js';

const NOTHING: JsonSchema = { type: 'object', properties: {} };

/** Ways in which a library's schema gives its JSON Schema by itself. */
interface Convertible {
  toJSONSchema?: unknown;
  '~standard'?: { jsonSchema?: { input?: unknown } };
}

/** The JSON Schema of a tool's input, as text: models read properties in their order. */
export function schemaText(name: string, schema: JsonSchema | StandardSchema | undefined): string {
  const found = schema === undefined ? NOTHING : isStandard(schema) ? converted(name, schema) : schema;
  return JSON.stringify(found);
}

/** The input that `execute` gets; throws a sentence for the model when the schema does not take it. */
export async function checked(
  schema: JsonSchema | StandardSchema | undefined,
  input: unknown,
): Promise<unknown> {
  if (schema === undefined || !isStandard(schema)) return input;
  const result: StandardResult<unknown> = await schema['~standard'].validate(input);
  if (result.issues === undefined) return result.value;
  throw new Error(`the input is not valid: ${result.issues.map(({ message }) => message).join('; ')}`);
}

function isStandard(schema: object): schema is StandardSchema {
  return '~standard' in schema;
}

function converted(name: string, schema: StandardSchema): unknown {
  const { toJSONSchema, '~standard': standard } = schema as Convertible;
  const input = standard?.jsonSchema?.input;
  if (typeof input === 'function') return withoutDialect(input.call(standard?.jsonSchema, { target: 'draft-07' }));
  if (typeof toJSONSchema === 'function') return withoutDialect(toJSONSchema.call(schema, { io: 'input' }));
  const walked = zodSchema(schema);
  if (walked !== undefined) return walked;
  const message = `the schema of tool ${name} cannot be turned into JSON Schema: give it as one`;
  throw voiceError('configuration_invalid', message);
}

function withoutDialect(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $schema: _dialect, ...rest } = schema as Record<string, unknown>;
  return rest;
}
