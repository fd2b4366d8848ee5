import { everywhere } from './engines/everywhere.js';
import { webkit } from './support/webkit.js';

everywhere(webkit);
