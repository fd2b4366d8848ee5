// The list of messages, put together from transcripts: one entry for each turn of each side.

import type { Message, Role, VoiceEvents } from '../types.js';

interface Entry {
  readonly turn: number;
  readonly role: Role;
  readonly at: number;
  readonly source: Message['source'];
  planned: string;
  spoken: string;
  /** What was heard of it, once the user has cut it off. */
  cut: string | undefined;
  /** Whether nothing more comes. */
  over: boolean;
  /** As it was last shown; a new object when something has changed. */
  shown: Message;
}

export class MessageList {
  #entries: Entry[] = [];
  #shown: readonly Message[] = [];

  /** The messages, oldest first: the same array until something changes. */
  get messages(): readonly Message[] {
    return this.#shown;
  }

  /** Takes words in. */
  transcript(event: VoiceEvents['transcript'], source: Message['source']): void {
    const entry = this.#entry(event.turn, event.role, source);
    if (event.stage === 'partial') entry.planned = joined(entry.planned, event.text);
    else entry.spoken = joined(entry.spoken, event.text);
    // whoever speaks next has let the one before finish
    for (const other of this.#entries) if (other !== entry && other.turn < event.turn) this.#finish(other);
    this.#show(entry);
  }

  /** The user cut an answer off. */
  interrupted(event: VoiceEvents['interrupted']): void {
    const entry = this.#entries.findLast(({ turn, role }) => turn === event.turn && role === 'assistant');
    if (entry === undefined) return;
    entry.cut = event.text;
    entry.over = true;
    this.#show(entry);
  }

  /** The answer has been played to its end. */
  answered(): void {
    const last = this.#entries.findLast(({ role }) => role === 'assistant');
    if (last !== undefined) this.#finish(last);
  }

  /** The conversation is over. */
  closed(): void {
    for (const entry of this.#entries) this.#finish(entry);
  }

  #finish(entry: Entry): void {
    if (entry.over) return;
    entry.over = true;
    this.#show(entry);
  }

  #entry(turn: number, role: Role, source: Message['source']): Entry {
    // words of an answer may come after those of the next turn
    const known = this.#entries.findLast((entry) => entry.turn === turn && entry.role === role);
    if (known !== undefined) return known;
    const parts = { turn, role, source, at: Date.now(), planned: '', spoken: '', cut: undefined, over: false };
    const entry: Entry = { ...parts, shown: message(parts) };
    this.#entries = [...this.#entries, entry].sort((one, other) => one.turn - other.turn);
    return entry;
  }

  #show(entry: Entry): void {
    entry.shown = message(entry);
    this.#shown = this.#entries.map(({ shown }) => shown);
  }
}

function message(entry: Omit<Entry, 'shown'>): Message {
  const { turn, role, source, at, planned, spoken, cut, over } = entry;
  // what was spoken comes late and in other pieces: it replaces the plan once it is as long
  const complete = planned === '' || over || spoken.length >= planned.length;
  const text = cut === undefined && complete && spoken !== '' ? spoken : planned === '' ? spoken : planned;
  return {
    id: `${role}-${turn}`,
    role,
    text,
    stage: role === 'user' || over || (planned !== '' && spoken.length >= planned.length) ? 'final' : 'partial',
    heard: cut ?? (role === 'user' || over ? text : spoken),
    interrupted: cut !== undefined,
    turn,
    source,
    at,
  };
}

function joined(before: string, more: string): string {
  if (before === '') return more.trim();
  return /\s$/.test(before) || /^\s/.test(more) ? before + more.trimEnd() : `${before} ${more.trim()}`;
}
