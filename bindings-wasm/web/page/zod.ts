// JSON Schema of zod's schemas, for versions (3, 4.0 and 4.1) that do not give it by themselves without an import.
// What tools use is covered; anything else becomes `{}`, which takes everything, and is validated by zod all the same.

/** What both major versions call the parts of a definition. */
interface Definition {
  readonly type?: unknown;
  readonly typeName?: string;
  readonly description?: string;
  readonly innerType?: unknown;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly shape?: unknown;
  readonly values?: unknown;
  readonly value?: unknown;
  readonly entries?: Record<string, unknown>;
  readonly options?: unknown;
  readonly schema?: unknown;
  readonly in?: unknown;
  readonly checks?: readonly unknown[];
}

interface ZodLike {
  readonly _zod?: { readonly def: Definition };
  readonly _def?: Definition;
  readonly description?: string;
}

/** The JSON Schema, or `undefined` if it is none of zod's. */
export function zodSchema(schema: unknown): Record<string, unknown> | undefined {
  const zod = schema as ZodLike | null;
  const definition = zod?._zod?.def ?? zod?._def;
  if (zod === null || definition === undefined) return undefined;
  const kind = kindOf(definition);
  const described = zod.description ?? definition.description;
  const found = convert(kind, definition);
  return described === undefined ? found : { ...found, description: described };
}

/** `ZodObject` of version 3 and `object` of version 4 are the same word. */
function kindOf({ typeName, type }: Definition): string {
  return (typeName?.replace(/^Zod/, '') ?? (typeof type === 'string' ? type : '')).toLowerCase();
}

function inner(schema: unknown): Record<string, unknown> {
  return zodSchema(schema) ?? {};
}

function convert(kind: string, definition: Definition): Record<string, unknown> {
  switch (kind) {
    case 'string':
      return { type: 'string' };
    case 'number':
      return { type: isWhole(definition) ? 'integer' : 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'null':
      return { type: 'null' };
    case 'object':
      return object(definition.shape);
    case 'array':
      return { type: 'array', items: inner(definition.element ?? definition.type) };
    case 'record':
      return { type: 'object', additionalProperties: inner(definition.valueType) };
    case 'enum':
    case 'nativeenum':
      return { enum: Object.values(definition.entries ?? (definition.values as object)) };
    case 'literal':
      return { enum: Array.isArray(definition.values) ? definition.values : [definition.value] };
    case 'union':
    case 'discriminatedunion':
      return { anyOf: options(definition.options).map(inner) };
    case 'nullable':
      return { anyOf: [inner(definition.innerType), { type: 'null' }] };
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'branded':
      return inner(definition.innerType ?? definition.type);
    case 'effects':
      return inner(definition.schema);
    case 'pipeline':
    case 'pipe':
      return inner(definition.in);
    default:
      return {};
  }
}

function object(shape: unknown): Record<string, unknown> {
  const fields = (typeof shape === 'function' ? (shape as () => unknown)() : shape) as Record<string, unknown>;
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    properties[name] = inner(field);
    if (!isOptional(field)) required.push(name);
  }
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function isOptional(field: unknown): boolean {
  const zod = field as ZodLike;
  const definition = zod._zod?.def ?? zod._def;
  return definition !== undefined && ['optional', 'default', 'prefault', 'catch'].includes(kindOf(definition));
}

/** `int()` is a check of version 3, and a format of version 4's. */
function isWhole({ checks }: Definition): boolean {
  return (checks ?? []).some((check) => {
    const found = check as { kind?: string; _zod?: { def?: { format?: string } }; isInt?: boolean };
    return found.kind === 'int' || found.isInt === true || found._zod?.def?.format === 'safeint';
  });
}

function options(found: unknown): unknown[] {
  return found instanceof Map ? [...found.values()] : Array.isArray(found) ? found : [];
}
