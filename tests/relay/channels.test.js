import { channels } from './servers/channels.js';
import { fallback } from './support/fallback.js';
import { trouble } from './support/trouble.js';

fallback(channels);
trouble(channels);
