// region tool
import { useState } from 'react';
import { TalkButton, VoiceSessionProvider, useVoiceEvent, useVoiceTool } from '@nova-sonic/web/react';

export function Revisable({ initial }: { readonly initial: string }) {
  const [text, setText] = useState(initial);
  return (
    <VoiceSessionProvider credentials="/api/aws-credentials/" systemPrompt="You change the story as the child wishes.">
      <p>{text}</p>
      <TalkButton mode="hold">Hold to talk</TalkButton>
      <Reviser revise={setText} />
    </VoiceSessionProvider>
  );
}

function Reviser({ revise }: { revise(text: string): void }) {
  useVoiceTool('revise_story', {
    description: 'Replaces the text of the story.',
    schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    execute: ({ text }: { text: string }) => {
      revise(text.slice(0, 10_000)); // the model wrote it: treat it as a stranger's form
      return { ok: true };
    },
  });
  useVoiceEvent('interrupted', ({ heardMs }) => console.info(`interrupted after ${heardMs} ms`));
  return null;
}
// endregion tool
