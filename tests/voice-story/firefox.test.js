import { firefox } from '../browser/support/firefox.js';
import { firstConversation } from './support/everywhere.js';

firstConversation(firefox);
