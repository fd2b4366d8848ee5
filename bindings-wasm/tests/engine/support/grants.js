// Grants for tests that need one and do not care which.

import { signingKey } from './signatures.js';

/** The secret of AWS's own examples. */
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const REGION = 'us-east-1';

const DAY = 86_400_000;

/** The bytes of a grant with signing keys, issued at `wall` and good for `lifetime` ms from then on. */
export function grant({ wall = 0, lifetime = DAY, ...fields } = {}) {
    const date = (millis) => new Date(millis).toISOString().slice(0, 10).replaceAll('-', '');
    const dates = [...new Set([wall, wall + lifetime].map(date))];
    return Buffer.from(
        JSON.stringify({
            version: 1,
            mode: 'signing-key',
            region: REGION,
            service: 'bedrock',
            modelId: 'amazon.nova-2-sonic-v1:0',
            accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
            sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ+EXAMPLETOKEN==',
            signingKeys: dates.map((date) => ({ date, key: signingKey(SECRET, date, REGION).toString('base64') })),
            serverTime: seconds(wall),
            openBefore: seconds(wall + lifetime),
            expiration: seconds(wall + lifetime),
            ...fields,
        }),
    );
}

function seconds(millis) {
    return new Date(millis).toISOString().replace(/\.\d{3}/, '');
}
