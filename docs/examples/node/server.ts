// An Express server: `node server.js`.

// region existing
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

import express from 'express';

const app = express();
const server = createServer(app);

/** Your own way of knowing who is signed in: here a cookie that the test sets. */
function userOf(request: IncomingMessage): string | undefined {
  return /(?:^|; )user=([a-z]+)/.exec(request.headers.cookie ?? '')?.[1];
}
// endregion existing

// region credentials
import { CredentialBroker, credentialsHandler } from '@nova-sonic/node';

const { VOICE_ROLE_ARN, SESSION_NAME_KEY } = process.env;
if (!VOICE_ROLE_ARN || !SESSION_NAME_KEY) throw new Error('set VOICE_ROLE_ARN and SESSION_NAME_KEY');

const broker = new CredentialBroker({
  region: 'us-east-1',
  roleArn: VOICE_ROLE_ARN,
  sessionNameKey: SESSION_NAME_KEY, // 16 bytes or more, the same on every server, for ever
});

app.all(
  '/api/aws-credentials/',
  credentialsHandler<express.Request>({
    broker,
    authorize: (request) => userOf(request), // nothing: 401
    onIssued: (record) => console.log('issued', record.id, record.subjectHash),
    onRefused: ({ status, code }) => console.warn('refused', status, code),
  }),
);
// endregion credentials

// region relay
import { relayHandler } from '@nova-sonic/node';

const relay = relayHandler({
  region: 'us-east-1',
  authorize: (request) => userOf(request),
  systemPrompt: 'You tell stories to children.', // whatever the page sends instead is dropped
  tools: {
    find_word: {
      description: "Looks a word up in the children's dictionary.",
      schema: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
      execute: () => ({ meaning: 'a bird that is awake at night' }),
    },
  },
  onEnded: (record) => console.log('ended', record.id, record.reason, record.usage.outputSpeech),
});
relay.attach(server, { path: '/voice' }); // needs the package ws

process.on('SIGTERM', async () => {
  await relay.close(); // sends pages to another server, and waits for them
  server.close();
});
// endregion relay

// region listen
server.listen(Number(process.env.PORT ?? 3000), 'localhost', () => console.log('listening', server.address()));
// endregion listen
