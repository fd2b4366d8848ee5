// Runs the tools that a page has registered, and sees to it that every call is answered once.

import type { StandardSchema, Tool, Tools } from '../options.js';
import type { VoiceEvents } from '../types.js';
import { checked } from './schema.js';

/** How long a tool may run unless it says otherwise, ms. */
const TIMEOUT_MS = 30_000;

/** Where answers go. */
export interface ToolListener {
  result(id: string, json: string): void;
  failed(id: string, message: string): void;
  /** Nobody here can answer this call. */
  unanswered(call: VoiceEvents['toolCall']): void;
  answered(event: VoiceEvents['toolAnswered']): void;
}

export class ToolRunner {
  readonly #tools: () => Tools;
  readonly #listener: ToolListener;
  readonly #ended = new AbortController();

  /** `tools` says what there is when something is called. */
  constructor(tools: () => Tools, listener: ToolListener) {
    this.#tools = tools;
    this.#listener = listener;
  }

  /** Answers a call, or hands it on. */
  call(call: VoiceEvents['toolCall']): void {
    const tools = this.#tools();
    const tool = Object.hasOwn(tools, call.name) ? tools[call.name] : undefined;
    if (tool?.execute === undefined) this.#listener.unanswered(call);
    else void this.#run(call, tool);
  }

  /** Whatever runs is told to stop, and not waited for. */
  close(): void {
    this.#ended.abort();
  }

  async #run({ id, name, input }: VoiceEvents['toolCall'], tool: Tool): Promise<void> {
    const started = performance.now();
    const limit = new AbortController();
    const stop = (): void => limit.abort();
    this.#ended.signal.addEventListener('abort', stop);
    const ms = tool.timeout ?? TIMEOUT_MS;
    const timer = setTimeout(stop, ms);
    const late = new Promise<never>((_, reject) => {
      const told = (): void => reject(new Error(`the tool gave no answer within ${ms} ms`));
      limit.signal.addEventListener('abort', told, { once: true });
    });
    let error: string | undefined;
    try {
      const answer = await Promise.race([execute(tool, input, { id, signal: limit.signal }), late]);
      this.#answer(id, answer);
    } catch (thrown) {
      error = sentence(thrown);
      if (!this.#ended.signal.aborted) this.#listener.failed(id, error);
    } finally {
      clearTimeout(timer);
      this.#ended.signal.removeEventListener('abort', stop);
    }
    if (this.#ended.signal.aborted) return;
    const took = Math.round(performance.now() - started);
    this.#listener.answered({ id, name, ms: took, ...(error !== undefined && { error }) });
  }

  #answer(id: string, answer: unknown): void {
    if (!this.#ended.signal.aborted) this.#listener.result(id, resultText(answer));
  }
}

async function execute(tool: Tool, input: unknown, context: { id: string; signal: AbortSignal }): Promise<unknown> {
  const valid = await checked(tool.schema, input);
  // the schema has just said so, or there is none to say otherwise
  return await tool.execute?.(valid as never, context);
}

/** A tool's answer as JSON text; a tool that returns nothing has done what it should. */
export function resultText(answer: unknown): string {
  // the types say that there is always a text, and there is none for functions and `undefined`
  const json = JSON.stringify(answer) as string | undefined;
  return json ?? '{"done":true}';
}

/** What the model is told of something thrown: its sentence, and nothing of the stack. */
export function sentence(thrown: unknown): string {
  if (thrown instanceof Error && thrown.message !== '') return thrown.message;
  return typeof thrown === 'string' && thrown !== '' ? thrown : 'the tool failed';
}

/** A tool whose input has the type of its schema. */
export function tool<Input>(
  definition: Omit<Tool<Input>, 'schema'> & { readonly schema: StandardSchema<Input> },
): Tool {
  return definition as unknown as Tool;
}
