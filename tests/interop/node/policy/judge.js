// A worker: every case of the forms that it is given, one after the other.

import './collators.js';

import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

import { Session } from './engine.js';
import { ALLOWED, cases, DENIED, NOT_ALLOWED, readActions, readForms } from './matrix.js';

const [forms, actions] = await Promise.all([readForms(), readActions()]);
/** Enough to see what is wrong. */
const MOST_SURPRISES = 20;

async function judge(name) {
    const form = forms.find((form) => form.name === name);
    const session = new Session(form.policy, form.partition);
    const count = { [ALLOWED]: 0, [DENIED]: 0, [NOT_ALLOWED]: 0 };
    const surprises = [];
    const hash = createHash('sha256');
    for (const question of cases(form, actions)) {
        const verdict = await session.judge(question);
        count[verdict] += 1;
        hash.update(verdict);
        if (verdict !== question.wanted && surprises.length < MOST_SURPRISES) surprises.push({ ...question, verdict });
    }
    const total = count[ALLOWED] + count[DENIED] + count[NOT_ALLOWED];
    const verdicts = { cases: total, allowed: count[ALLOWED], denied: count[DENIED], notAllowed: count[NOT_ALLOWED] };
    return { name, verdicts: { ...verdicts, sha256: hash.digest('hex') }, surprises, counts: session.counts };
}

parentPort.on('message', async (name) => parentPort.postMessage(await judge(name)));
