// A page that records and plays for itself, and moves over in one step.

// region client
import { NovaSonicClient } from '@nova-sonic/web';

export async function talk(play: (pcm: ArrayBuffer) => void, show: (text: string) => void): Promise<NovaSonicClient> {
  const client = new NovaSonicClient('/api/aws-credentials/', 'us-east-1');
  await client.startStream(
    'You tell stories to children.',
    play, // 16-bit PCM, 24 kHz, mono
    show,
    (error) => console.warn(error.code, error.advice),
    () => console.info('done'),
  );
  return client; // client.sendAudio(pcm) takes 16-bit PCM of 16 kHz; client.close() ends it
}
// endregion client
