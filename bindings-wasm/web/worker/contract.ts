// Holds what the worker relies on against what wasm-bindgen has written. Part of no bundle: `npm run contract` lets the
// compiler look at it, once the engine has been built.

import type * as Written from '../../dist/engine.js';
import type * as Expected from 'nova-sonic-engine';

type Holds<Type extends true> = Type;

/** Every method, with the parameters that are given and the result that is used. */
export type EngineIsAsExpected = Holds<Written.Engine extends Expected.Engine ? true : false>;

/** And no method that would be worth using and is not. */
export type NothingIsMissed = Holds<
  Exclude<keyof Written.Engine, keyof Expected.Engine | typeof Symbol.dispose> extends never ? true : false
>;

/** It is made as expected. */
export type ConstructorIsAsExpected = Holds<
  ConstructorParameters<typeof Expected.Engine> extends ConstructorParameters<typeof Written.Engine> ? true : false
>;

/** It is loaded as expected. */
export type LoadingIsAsExpected = Holds<
  Parameters<typeof Expected.default> extends Parameters<typeof Written.default> ? true : false
>;
