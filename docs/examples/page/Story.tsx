// region story
import { LevelMeter, TalkButton, Transcript, VoiceSessionProvider, useVoiceState } from '@nova-sonic/web/react';

export function Story({ id, text }: { readonly id: number; readonly text: string }) {
  return (
    <VoiceSessionProvider
      credentials="/api/aws-credentials/"
      relay={`/ws/stories/${id}/voice/`}
      systemPrompt={`You read this story to a child and answer questions about it.\n\n${text}`}
      voice="amy"
    >
      <TalkButton />
      <LevelMeter />
      <Transcript />
      <Status />
    </VoiceSessionProvider>
  );
}

function Status() {
  const { state, transport, error } = useVoiceState();
  if (error) return <p role="alert">{`${error.message}: ${error.advice}`}</p>;
  return <p role="status">{transport ? `${state}, by ${transport}` : state}</p>;
}
// endregion story
