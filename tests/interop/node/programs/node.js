// Node's build of the SDK over TLS.

import * as sdk from '@aws-sdk/client-bedrock-runtime';

import { run } from '../support/program.js';

await run(sdk);
