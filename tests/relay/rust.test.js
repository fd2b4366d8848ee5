import { rust } from './servers/rust.js';
import { fallback } from './support/fallback.js';
import { trouble } from './support/trouble.js';

fallback(rust);
trouble(rust);
