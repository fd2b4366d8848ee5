// What the backend answers: see `backend/stories`.

import type { ConnectionKind, JsonSchema } from '@nova-sonic/web';

/** Who is signed in. */
export interface Person {
  readonly username: string;
  readonly name: string;
}

/** A story on the shelf. */
export interface StorySummary {
  readonly id: number;
  readonly title: string;
  /** A BCP 47 tag, such as `en`. */
  readonly language: string;
  readonly revision: number;
}

/** A story as it stands, and how it came to be like that. */
export interface Story extends StorySummary {
  readonly text: string;
  readonly revisions: readonly Revision[];
}

export interface Revision {
  readonly number: number;
  /** When it was written, ISO 8601. */
  readonly created: string;
  /** What was asked for; empty for the story as it was first. */
  readonly wish: string;
  readonly author: string;
}

/** What `revise` answers; the model is told it as well. */
export interface Revised {
  readonly revision: number;
  readonly text: string;
}

/** A conversation that the server has begun to keep, and what the page needs to hold it. */
export interface StartedSession {
  readonly session: string;
  readonly story: number;
  readonly credentials_url: string;
  readonly relay_url: string;
  readonly transport: 'auto' | ConnectionKind;
  readonly system_prompt: string;
  readonly voice: string;
  readonly tools: readonly DeclaredTool[];
  /** Where the service is, if it is not AWS: a simulator. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly model: string;
}

export interface DeclaredTool {
  readonly name: string;
  readonly description: string;
  readonly input_schema: JsonSchema;
}

/** What the server is told of a conversation that is over. */
export interface EndedSession {
  readonly session: string;
  /** `hangup`, another reason of the package, or the code of an error. */
  readonly reason: string;
  readonly transport: ConnectionKind | 'both' | null;
  /** The code of what made the relay necessary; nothing where it was not, or where this site wants it. */
  readonly fallback: string | null;
  readonly usage: unknown;
  readonly messages: readonly HeardMessage[];
}

/** Words as they were heard: of an answer that was cut off, the part before the cut. */
export interface HeardMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly stage: 'partial' | 'final';
  /** How much of the answer was heard, ms; only where it was cut off. */
  readonly heard_ms?: number;
}

/** What happens to a story, as told to every page that shows it. */
export interface StatusMessage {
  readonly type: 'started' | 'ended' | 'taken_over' | 'revised';
  readonly session: string | null;
  readonly revision?: number;
  readonly text?: string;
}
