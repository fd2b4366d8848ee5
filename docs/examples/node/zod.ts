// Tools whose input has a type: compiled and run.

// region zod
import { VoiceSession, tool } from '@nova-sonic/node';
import { z } from 'zod';

const session = new VoiceSession({
  tools: {
    find_word: tool({
      description: "Looks a word up in the children's dictionary.",
      schema: z.object({ word: z.string() }),
      execute: ({ word }) => ({ meaning: word === 'owl' ? 'a bird that is awake at night' : 'unknown' }),
      timeout: 5_000,
    }),
  },
});
// endregion zod

await session.start();
await session.sendText('What is an owl?');
for await (const event of session) {
  if (event.type === 'transcript' && event.role === 'assistant' && event.stage === 'partial') console.log(event.text);
  if (event.type === 'stateChanged' && event.from === 'speaking' && event.to === 'listening') break;
}
await session.close();
