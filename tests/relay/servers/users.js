// Signed-in users of the applications that are written for these tests: a cookie with a name that only they can sign.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** What signs them. */
export const KEY = 'the key of an application that is as old as its test';

/** The cookie of a user, as name and value. */
export function cookieOf(user) {
    return ['session', `${user}.${signature(user)}`];
}

/** Whose request it is; `undefined` for nobody's. */
export function userOf({ headers }) {
    const [, user = '', shown = ''] = /(?:^|; )session=([^.;]*)\.([^;]*)/.exec(headers.cookie ?? '') ?? [];
    const wanted = signature(user);
    return shown.length === wanted.length && timingSafeEqual(Buffer.from(shown), Buffer.from(wanted)) ? user : undefined;
}

/** Cookies of those who say that they are somebody else. */
export const FORGED = ['session=ada', 'session=ada.forged', `session=ada.${signature('eve')}`];

function signature(user) {
    return createHmac('sha256', KEY).update(user).digest('base64url');
}
