// A question in text, an answer in speech, taken while it comes: `node talk.js`.

// region talk
import { writeFile } from 'node:fs/promises';

import { NovaSonicError, VoiceSession } from '@nova-sonic/node';

const answer: Buffer[] = [];
try {
  await using session = new VoiceSession({ systemPrompt: 'You answer in one sentence.', voice: 'amy' });
  await session.start();
  await session.sendText('Who was Ada Lovelace?');
  for await (const event of session) {
    if (event.type === 'transcript' && event.role === 'assistant' && event.stage === 'partial') console.log(event.text);
    if (event.type === 'audio') answer.push(event.pcm); // 16-bit mono at 24 kHz
    if (event.type === 'stateChanged' && event.from === 'speaking') break;
  }
} catch (error) {
  if (!(error instanceof NovaSonicError)) throw error;
  console.error(`${error.code}: ${error.advice}`);
}
await writeFile('answer.pcm', Buffer.concat(answer));
// endregion talk
