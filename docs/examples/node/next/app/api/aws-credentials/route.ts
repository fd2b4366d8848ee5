// region route
import { CredentialBroker, credentialsHandler } from '@nova-sonic/node';

import { userOf } from '../../../session.js';

const { VOICE_ROLE_ARN, SESSION_NAME_KEY } = process.env;
if (!VOICE_ROLE_ARN || !SESSION_NAME_KEY) throw new Error('set VOICE_ROLE_ARN and SESSION_NAME_KEY');

const broker = new CredentialBroker({ region: 'us-east-1', roleArn: VOICE_ROLE_ARN, sessionNameKey: SESSION_NAME_KEY });

export const runtime = 'nodejs'; // native code does not run on the edge
export const dynamic = 'force-dynamic';
export const GET = credentialsHandler<Request>({ broker, authorize: (request) => userOf(request) });
// endregion route
