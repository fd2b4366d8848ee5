// Requests for credentials that need more than an address: compiled with the rest.

// region csrf
import { VoiceSession } from '@nova-sonic/web';

export const withDjangosToken = new VoiceSession({
  credentials: { url: '/api/aws-credentials/', csrf: true }, // POST, with the cookie csrftoken as X-CSRFToken
});
// endregion csrf

// region cross
export const fromAnotherOrigin = new VoiceSession({
  credentials: {
    url: 'https://api.example.com/api/aws-credentials/',
    credentials: 'include', // cookies go along
    headers: async () => ({ Authorization: `Bearer ${await currentToken()}` }), // asked before each request
  },
});
// endregion cross

// region ticket
export const withATicket = new VoiceSession({
  credentials: '/api/aws-credentials/',
  relay: async ({ signal }) => {
    const answer = await fetch('/api/relay-ticket/', { signal });
    return `wss://relay.example.com/relay?ticket=${await answer.text()}`;
  },
});
// endregion ticket

declare function currentToken(): Promise<string>;
