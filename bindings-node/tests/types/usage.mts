// What TypeScript must take, and what it must refuse. Compiled, never run.

import { createServer } from 'node:http';

import { Answer, CredentialBroker, NovaSonicError, VoiceSession, credentialsHandler, relayHandler, tool } from '@nova-sonic/node';
import type { RelayRecord, VoiceEvent, VoiceSessionOptions } from '@nova-sonic/node';
import express from 'express';
import fastify from 'fastify';
import { WebSocketServer } from 'ws';
import { z } from 'zod';

/** Compiles only when both are the same type. */
function same<One, Other>(..._proof: [One] extends [Other] ? ([Other] extends [One] ? [] : [never]) : [never]): void {}

export async function talk(options: VoiceSessionOptions): Promise<void> {
  await using session = new VoiceSession({
    ...options,
    tools: {
      get_weather: tool({
        description: 'Weather',
        schema: z.object({ city: z.string(), days: z.number().optional() }),
        execute: (input, { signal }) => {
          same<typeof input, { city: string; days?: number | undefined }>();
          same<typeof signal, AbortSignal>();
          return input.city.length;
        },
      }),
      plain: { description: 'JSON Schema', schema: { type: 'object', properties: {} } },
    },
    signal: AbortSignal.timeout(1000),
  });
  session.on('transcript', ({ role, stage, turn }) => {
    same<typeof role, 'user' | 'assistant'>();
    same<typeof stage, 'partial' | 'final'>();
    same<typeof turn, number>();
  });
  session.on('error', (error) => same<typeof error, NovaSonicError>());
  // @ts-expect-error: there is no such event
  session.on('transcripts', () => {});
  await session.start();
  await session.sendAudio(new Int16Array(512));
  await session.sendAudio(Buffer.alloc(1024));
  // @ts-expect-error: floats are none of its formats
  await session.sendAudio(new Float32Array(512));
  const answer = await session.answer({ signal: AbortSignal.timeout(1000) });
  same<typeof answer, Answer>();
  same<typeof answer.text, string>();
  same<typeof answer.samples, Int16Array>();
  same<typeof answer.pcm, Buffer>();
  same<typeof answer.interrupted, boolean>();
  await answer.save(new URL('file:///tmp/answer.wav'));
  // @ts-expect-error: what was said is not changed
  answer.text = '';
  // @ts-expect-error: a signal is waited for, not a time
  await session.answer({ timeout: 1000 });
  for await (const event of session) {
    same<typeof event, VoiceEvent>();
    switch (event.type) {
      case 'audio':
        same<typeof event.samples, Int16Array>();
        break;
      case 'closed':
        if (event.error !== undefined) same<typeof event.error, NovaSonicError>();
        break;
      default:
        // @ts-expect-error: only sound has samples
        void event.samples;
    }
  }
}

// @ts-expect-error: a rate that the service does not take
new VoiceSession({ inputRate: 44_100 });
// @ts-expect-error: an option that there is not
new VoiceSession({ voise: 'amy' });
// @ts-expect-error: a broker needs a region and a key
new CredentialBroker({ roleArn: '' });

export async function serve(broker: CredentialBroker): Promise<void> {
  const app = express();
  app.all('/credentials', credentialsHandler<express.Request>({ broker, authorize: (request) => request.get('x-user') }));
  const fast = fastify();
  fast.all('/credentials', credentialsHandler({ broker, authorize: () => 'ada' }));
  createServer(credentialsHandler({ broker, authorize: () => null }));
  const GET: (request: Request) => Promise<Response> = credentialsHandler<Request>({ broker, authorize: (request) => request.headers.get('x') });
  void GET;

  const relay = relayHandler({
    authorize: (request) => request.headers.cookie,
    voice: 'amy',
    onEnded: (record) => same<typeof record, RelayRecord>(),
  });
  new WebSocketServer({ port: 0 }).on('connection', relay.connection);
  relay.attach(createServer(), { path: '/relay' });
  const { expiration } = await broker.issue('ada');
  same<typeof expiration, Date>();
}
