// The same types for `require`.

import nova = require('@nova-sonic/node');

export const session: nova.VoiceSession = new nova.VoiceSession({ region: 'us-east-1' });
