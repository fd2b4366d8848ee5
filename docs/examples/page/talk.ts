// A page without a framework.

// region talk
import { VoiceSession } from '@nova-sonic/web';

const captions = document.querySelector('#captions')!;
const problem = document.querySelector('#problem')!;

let session: VoiceSession | undefined;

document.querySelector('#talk')!.addEventListener('click', async () => {
  session = new VoiceSession({
    credentials: '/api/aws-credentials/',
    systemPrompt: 'You tell stories to children.',
    voice: 'amy',
  });
  session.on('messagesChanged', (messages) => {
    captions.textContent = messages.map(({ role, text }) => `${role}: ${text}`).join('\n');
  });
  session.on('closed', ({ error }) => {
    problem.textContent = error ? `${error.message}: ${error.advice}` : '';
  });
  // what goes wrong here is told to `closed`, too
  await session.start().catch(() => undefined);
});
document.querySelector('#stop')!.addEventListener('click', () => session?.close());
// endregion talk
