// The hooks. Each watches one thing, so that a component renders again only when that thing changed.

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

import type {
  LateOptions,
  Message,
  VoiceEventName,
  VoiceListener,
  VoiceSessionLike,
  VoiceSessionOptions,
} from '../types.js';
import { SILENT } from './levels.js';
import type { VoiceLevels } from './levels.js';
import { useStore } from './provider.js';
import type { VoiceStatus, VoiceStore } from './store.js';
import type { ComponentTool } from './tools.js';

/** What a component can do with the conversation. Never changes, and so never renders a component again. */
export interface VoiceControls {
  /** The session of this conversation, or of the last one, for all that has no hook; `undefined` before the first. */
  readonly session: VoiceSessionLike | undefined;
  /**
   * Starts a conversation, or joins in the start of the one that has begun. Call it in a click's or a key's handler.
   * When it fails, `useVoiceState().error` tells why; the promise need not be caught.
   */
  start(this: void): Promise<void>;
  /**
   * As `start`, with other options than the provider's for this one conversation; `rest` are those that your server has
   * to tell first, while microphone and loudspeaker open.
   */
  startWith(this: void, options: VoiceSessionOptions, rest?: Promise<LateOptions>): Promise<void>;
  /** Hangs up and releases everything; the messages stay until the next start. */
  close(this: void): Promise<void>;
  /** Sends silence instead of the microphone's sound; before a conversation, it will start like that. */
  mute(this: void): void;
  /** Ends `mute`. */
  unmute(this: void): void;
  /** `true` opens the microphone, `false` closes it and so ends the user's turn. */
  pushToTalk(this: void, pressed: boolean): void;
  /** Sends something the user typed. Throws while no conversation is going on. */
  sendText(this: void, text: string): void;
  /** Sends sound of the page's own. Throws while no conversation is going on. */
  sendAudio(this: void, samples: Int16Array | Float32Array | ArrayBuffer, rate?: number): void;
  /** Silences the answer now. */
  interrupt(this: void): void;
  /** Sets how loud answers are, 0 to 1, in this conversation and in later ones. */
  setVolume(this: void, volume: number): void;
  /** Uses another microphone, in this conversation and in later ones; `undefined` is the system's choice. */
  setInputDevice(this: void, id: string | undefined): Promise<void>;
  /** Uses another loudspeaker, likewise. */
  setOutputDevice(this: void, id: string | undefined): Promise<void>;
  /** Answers a `toolCall` event. Throws while no conversation is going on. */
  addToolResult(this: void, id: string, result: unknown): void;
}

/** What a component can do with the conversation. */
export function useVoiceSession(): VoiceControls {
  const store = useStore();
  return useMemo(() => controlsOf(store), [store]);
}

/** Where the conversation stands: its state, what carries it, the microphone, and what ended it. */
export function useVoiceState(): VoiceStatus {
  const { status } = useStore();
  return useSyncExternalStore(status.subscribe, status.read, status.read);
}

/** What was said, oldest first. */
export function useVoiceMessages(): readonly Message[] {
  const { messages } = useStore();
  return useSyncExternalStore(messages.subscribe, messages.read, messages.read);
}

/** How loud both sides are, looked at once a frame. Renders only the component that asks. */
export function useVoiceLevels(): VoiceLevels {
  const { topic } = useStore().levels;
  return useSyncExternalStore(topic.subscribe, topic.read, silent);
}

/** Calls `listener` at each such event, in this conversation and in later ones. Renders nothing. */
export function useVoiceEvent<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): void {
  const store = useStore();
  const latest = useLatest(listener);
  useEffect(() => store.on(name, (event) => latest.current(event)), [store, name, latest]);
}

/**
 * Lets the model call something in this component. It is declared to the model when a conversation starts; calls run the
 * `execute` of the latest render, and fail, which the model is told, when no such component is left on the page.
 *
 * A provider with a session of your own runs the tools that this session declares without `execute`; their input is then
 * not validated, and they have no timeout.
 */
export function useVoiceTool<Input>(name: string, tool: ComponentTool<Input>): void {
  const store = useStore();
  const latest = useLatest(tool);
  useEffect(() => store.tools.register(name, () => latest.current), [store, name, latest]);
}

/** What the last finished render was given, for functions that are called later. */
function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}

function silent(): VoiceLevels {
  return SILENT;
}

function controlsOf(store: VoiceStore): VoiceControls {
  return {
    get session() {
      return store.session;
    },
    start: () => store.start(),
    startWith: (options, rest) => store.start(options, rest),
    close: () => store.close(),
    mute: () => store.setMuted(true),
    unmute: () => store.setMuted(false),
    pushToTalk: (pressed) => store.session?.pushToTalk(pressed),
    sendText: (text) => store.live().sendText(text),
    sendAudio: (samples, rate) => store.live().sendAudio(samples, rate),
    interrupt: () => store.session?.interrupt(),
    setVolume: (volume) => void store.choose({ volume }, (session) => session.setVolume(volume)),
    setInputDevice: async (inputDevice) =>
      store.choose({ inputDevice }, (session) => session.setInputDevice(inputDevice)),
    setOutputDevice: async (outputDevice) =>
      store.choose({ outputDevice }, (session) => session.setOutputDevice(outputDevice)),
    addToolResult: (id, result) => store.live().addToolResult(id, result),
  };
}
