// Tools that run in components, which come and go while a conversation goes on.

import type { Tool, ToolContext, Tools, VoiceSessionLike } from '../types.js';

/** A tool that runs in a component. */
export type ComponentTool<Input> = Tool<Input> & {
  execute(input: Input, context: ToolContext): unknown;
};

type Current = () => ComponentTool<never>;

/** The tools of the components that are on the page. */
export class ComponentTools {
  readonly #byName = new Map<string, readonly Current[]>();

  /** Has a tool, whose latest form `current` gives, until the function returned is called. */
  register<Input>(name: string, current: () => ComponentTool<Input>): () => void {
    const entry: Current = () => current() as ComponentTool<never>;
    this.#byName.set(name, [...this.#all(name), entry]);
    return () => {
      const left = this.#all(name).filter((other) => other !== entry);
      if (left.length > 0) this.#byName.set(name, left);
      else this.#byName.delete(name);
    };
  }

  /** What is declared to the model: the tools of the options, and over them those of components. */
  over(tools: Tools | undefined): Tools {
    const all: Record<string, Tool> = { ...tools };
    for (const name of this.#byName.keys()) {
      const tool = this.#latest(name);
      if (tool) all[name] = { ...tool, execute: (input, context) => this.#execute(name, input, context) };
    }
    return all;
  }

  /** Answers the `toolCall` events of a session that was made without these tools, until the function returned is called. */
  answer(session: VoiceSessionLike): () => void {
    const ended = new AbortController();
    const stop = [
      session.on('closed', () => ended.abort()),
      session.on('toolCall', ({ id, name, input }) => {
        if (!this.#byName.has(name)) return;
        void this.#result(name, input, { id, signal: ended.signal }).then((result) => {
          if (session.state !== 'closed') session.addToolResult(id, result);
        });
      }),
    ];
    return () => stop.forEach((end) => end());
  }

  async #result(name: string, input: unknown, context: ToolContext): Promise<unknown> {
    try {
      return await this.#execute(name, input as never, context);
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  }

  /** Runs the tool of the component that is there now: the one that was there at the start may have gone. */
  #execute(name: string, input: never, context: ToolContext): unknown {
    const tool = this.#latest(name);
    if (!tool) throw new Error(`nothing on the page does ${name} any more`);
    return tool.execute(input, context);
  }

  #latest(name: string): ComponentTool<never> | undefined {
    return this.#all(name).at(-1)?.();
  }

  #all(name: string): readonly Current[] {
    return this.#byName.get(name) ?? [];
  }
}
