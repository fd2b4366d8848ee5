import { webkit } from '../browser/support/webkit.js';
import { firstConversation } from './support/everywhere.js';

firstConversation(webkit);
