// Where a conversation lives in a tree of components.

import { createContext, useContext, useEffect, useLayoutEffect, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';

import type { VoiceSessionLike, VoiceSessionOptions } from '../types.js';
import { VoiceStore } from './store.js';
import type { CreateSession } from './store.js';

/** Props of {@link VoiceSessionProvider}: the options of a session, read when a conversation starts. */
export interface VoiceSessionProviderProps extends VoiceSessionOptions {
  /**
   * A session of your own, for a conversation that outlives this part of the page. The provider shows it and neither
   * makes nor closes one; the options beside it are not used.
   */
  readonly session?: VoiceSessionLike | undefined;
  /** How a session is made, for tests with a double of it. Default: `new VoiceSession(options)`. */
  readonly createSession?: CreateSession | undefined;
  readonly children?: ReactNode;
}

const Store = createContext<VoiceStore | undefined>(undefined);

/**
 * Gives the components below it one conversation. Nothing is made, asked for or opened until one of them starts it, and
 * when the provider leaves the page, the conversation is closed: socket, worker, audio and microphone are released.
 */
export function VoiceSessionProvider({
  session,
  createSession,
  children,
  ...options
}: VoiceSessionProviderProps): ReactElement {
  const [store] = useState(() => new VoiceStore(session));
  return (
    <Store.Provider value={store}>
      <Life store={store} session={session} createSession={createSession} options={options} />
      {children}
    </Store.Provider>
  );
}

interface LifeProps {
  readonly store: VoiceStore;
  readonly session: VoiceSessionLike | undefined;
  readonly createSession: CreateSession | undefined;
  readonly options: VoiceSessionOptions;
}

/** Stands before the children, so that its effects run before theirs: an effect of theirs may start the conversation. */
function Life({ store, session, createSession, options }: LifeProps): null {
  useBeforeEffects(() => store.configure(options, createSession));
  useBeforeEffects(() => store.mount(session), [store, session]);
  return null;
}

/** React 18 complains about layout effects where there is no layout: on a server. */
const useBeforeEffects = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** The store of the provider above. */
export function useStore(): VoiceStore {
  const store = useContext(Store);
  if (!store) throw new Error('put this component below a <VoiceSessionProvider>');
  return store;
}
