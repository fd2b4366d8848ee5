import { asgi } from './servers/asgi.js';
import { fallback } from './support/fallback.js';
import { trouble } from './support/trouble.js';

fallback(asgi);
trouble(asgi);
