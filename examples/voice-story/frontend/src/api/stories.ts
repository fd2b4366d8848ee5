// The backend's calls, one function each.

import { request } from './request';
import type { EndedSession, Person, Revised, StartedSession, Story, StorySummary } from './types';

/** The most that browsers let requests carry that outlive their page, bytes; with room for their headers. */
const KEEPALIVE_LIMIT = 60_000;

export function fetchPerson(): Promise<Person> {
  return request('/api/me/');
}

export async function fetchStories(): Promise<readonly StorySummary[]> {
  return (await request<{ readonly stories: readonly StorySummary[] }>('/api/stories/')).stories;
}

export function fetchStory(id: number): Promise<Story> {
  return request(`/api/stories/${id}/`);
}

/** Begins a conversation about a story. One that the same person has elsewhere ends by it. */
export function startVoiceSession(story: number): Promise<StartedSession> {
  return request(`/api/stories/${story}/start_voice_session/`, { body: {} });
}

/** Says that a conversation is over; may be said twice. */
export function endVoiceSession(story: number, ended: EndedSession): Promise<unknown> {
  const keepalive = new TextEncoder().encode(JSON.stringify(ended)).length < KEEPALIVE_LIMIT;
  return request(`/api/stories/${story}/end_voice_session/`, { body: ended, keepalive });
}

/** Writes a story anew, as the model's tool asks for. */
export function reviseStory(story: number, session: string, input: { wish: string; text: string }): Promise<Revised> {
  return request(`/api/stories/${story}/revise/`, { body: { session, ...input } });
}
