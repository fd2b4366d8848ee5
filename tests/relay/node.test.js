import { node } from './servers/node.js';
import { fallback } from './support/fallback.js';
import { trouble } from './support/trouble.js';

fallback(node);
trouble(node);
