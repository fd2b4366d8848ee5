// `@nova-sonic/web/react`: a conversation in a tree of components.

export { VoiceSessionProvider } from './provider.js';
export type { VoiceSessionProviderProps } from './provider.js';
export {
  useVoiceEvent,
  useVoiceLevels,
  useVoiceMessages,
  useVoiceSession,
  useVoiceState,
  useVoiceTool,
} from './hooks.js';
export type { VoiceControls } from './hooks.js';
export type { VoiceLevels } from './levels.js';
export type { CreateSession, VoiceStatus } from './store.js';
export type { ComponentTool } from './tools.js';
export { LevelMeter } from './level-meter.js';
export type { LevelMeterProps } from './level-meter.js';
export { TalkButton } from './talk-button.js';
export type { TalkButtonProps } from './talk-button.js';
export { Transcript } from './transcript.js';
export type { TranscriptProps } from './transcript.js';
