import { everywhere } from './engines/everywhere.js';
import { firefox } from './support/firefox.js';

everywhere(firefox);
