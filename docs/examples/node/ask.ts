// A question in text, an answer in words and as a recording: `node ask.js`.

// region ask
import { VoiceSession } from '@nova-sonic/node';

await using session = new VoiceSession({ systemPrompt: 'You answer in one sentence.' });
await session.start();
session.sendText('Who was Ada Lovelace?'); // or, while you speak: await session.sendAudio(pcm)
const answer = await session.answer();
console.log(answer.text);
await answer.save('answer.wav'); // 16-bit mono at 24 kHz
// endregion ask
