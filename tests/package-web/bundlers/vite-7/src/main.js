import { offerToTalk } from '../talk.js';

offerToTalk();
