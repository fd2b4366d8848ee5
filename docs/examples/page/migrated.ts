// The same page without its own recorder, player and queue.

// region session
import { VoiceSession } from '@nova-sonic/web';

export async function talk(show: (text: string) => void): Promise<VoiceSession> {
  const session = new VoiceSession({
    credentials: '/api/aws-credentials/',
    relay: '/voice', // where the network blocks AWS
    systemPrompt: 'You tell stories to children.',
  });
  session.on('transcript', ({ role, stage, text }) => {
    if (role === 'assistant' && stage === 'partial') show(text);
  });
  session.on('error', (error) => console.warn(error.code, error.advice));
  await session.start(); // in a click's handler
  return session;
}
// endregion session
