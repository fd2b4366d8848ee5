// No escape: an independent engine judges every action of the public IAM catalogue under every form of the session
// policy, with a role that may do everything.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { committedCatalogue, currentCatalogue } from './policy/catalogue.js';
import { Session } from './policy/engine.js';
import { ALLOWED, BEYOND_POLICIES, cases, DENIED, readActions, readForms, UNLISTED } from './policy/matrix.js';

const LIMIT = { timeout: 900_000 };
const VERDICTS = new URL('../../vectors/policy/verdicts.json', import.meta.url);

test('the catalogue of the vectors is that of the installed package', async () => {
    const [committed, current] = await Promise.all([committedCatalogue(), currentCatalogue()]);
    assert.deepEqual(committed, current, 'stale: run `node policy/catalogue.js`, and NOVA_SONIC_BLESS=1 for the verdicts');
});

test('nothing is allowed but the one action on what a form names, in its time and place', LIMIT, async (t) => {
    const judged = await judgeAll((await readForms()).map(({ name }) => name));
    for (const { name, surprises } of judged) assert.deepEqual(surprises, [], name);

    const verdicts = Object.fromEntries(judged.map(({ name, verdicts }) => [name, verdicts]));
    const sum = (of) => judged.reduce((total, one) => total + of(one), 0);
    for (const { name, verdicts } of judged) {
        t.diagnostic(`${name}: ${verdicts.cases} cases, ${verdicts.allowed} allowed`);
    }
    t.diagnostic(
        `${sum(({ verdicts }) => verdicts.cases)} cases in all, ${sum(({ verdicts }) => verdicts.allowed)} allowed as wanted, ` +
            `${sum(({ counts }) => counts.beyondCatalogue)} of them judged beyond what the catalogue knows`,
    );

    if (process.env.NOVA_SONIC_BLESS) await writeFile(VERDICTS, `${JSON.stringify(verdicts, null, 1)}\n`);
    const recorded = JSON.parse(await readFile(VERDICTS, 'utf8'));
    assert.deepEqual(verdicts, recorded, 'the verdicts that other engines are compared with have changed: NOVA_SONIC_BLESS=1');
});

/** Has every form judged, with as many threads as there are processors. */
async function judgeAll(names) {
    const waiting = [...names];
    const threads = Array.from({ length: Math.min(availableParallelism(), waiting.length) }, async () => {
        const worker = new Worker(new URL('policy/judge.js', import.meta.url));
        const judged = [];
        try {
            while (waiting.length > 0) {
                // an error of the worker rejects this as well
                const answer = once(worker, 'message');
                worker.postMessage(waiting.shift());
                judged.push(...(await answer));
            }
        } finally {
            await worker.terminate();
        }
        return judged;
    });
    const judged = (await Promise.all(threads)).flat();
    return names.map((name) => judged.find((one) => one.name === name));
}

test('the catalogue does not know the operation, and the policies speak of both names alike', async () => {
    const { services } = await committedCatalogue();
    const [service, action] = UNLISTED.split(':');
    assert.equal(services[service].actions[action], undefined, 'the catalogue has it now: ask it about the action like about others');
    for (const { name, actions, policy } of await readForms()) {
        const lists = policy.Statement.flatMap(({ Action, NotAction }) => [Action ?? NotAction].filter((list) => list !== '*'));
        assert.ok(lists.length >= 2, name);
        for (const list of lists) assert.deepEqual([list].flat(), actions, name);
    }
});

test('a resource whose own policy invites the session stays shut', LIMIT, async (t) => {
    const [form] = await readForms();
    const actions = await readActions();
    const session = new Session(form.policy, form.partition);
    // what is not allowed by a session policy, but not denied either, is open to whoever is invited
    const allowing = { ...form.policy, Statement: form.policy.Statement.filter(({ Effect }) => Effect === 'Allow') };
    const naive = new Session(allowing, form.partition);
    let [asked, opened] = [0, 0];
    for (const question of cases(form, actions)) {
        // its own kinds of resources: those that could have a policy
        if (!question.own || question.contextName !== 'in time' || question.resource === form.allowed[0].resource) continue;
        assert.equal(session.judgeInvited(question), DENIED, `${question.action} on ${question.resource}`);
        asked += 1;
        if (naive.judgeInvited(question) === ALLOWED) opened += 1;
    }
    t.diagnostic(`${asked} cases denied; without the policy's denials ${opened} of them would be open`);
    assert.ok(asked > 1000 && opened > asked / 2, `${opened} of ${asked}`);
});

test('a policy that lacks a statement or a condition is caught', LIMIT, async (t) => {
    const { actions, bedrockArns } = await readActions();
    const telling = { actions: actions.filter(({ name }) => TELLING.includes(name)), bedrockArns };
    assert.equal(telling.actions.length, TELLING.length);
    let caught = 0;
    for (const form of await readForms()) {
        assert.equal(await surprise(form, form.policy, telling), undefined, form.name);
        for (const [what, policy] of mutations(form.policy)) {
            assert.ok(await surprise(form, policy, telling), `${form.name} ${what}`);
            caught += 1;
        }
    }
    t.diagnostic(`${caught} policies that lack a part were caught`);
});

/** Enough of the matrix to find a weakness by. */
const TELLING = ['bedrock:InvokeModel', 'bedrock:CallWithBearerToken', 'iam:CreateUser', UNLISTED];

/** The first case in which the verdict is not what is wanted. */
async function surprise(form, policy, actions) {
    const session = new Session(policy, form.partition);
    for (const question of cases(form, actions)) {
        if ((await session.judge(question)) !== question.wanted) return question;
    }
    return undefined;
}

/** The policy without one statement, and without one condition. */
function* mutations(policy) {
    for (const [index, statement] of policy.Statement.entries()) {
        if (policy.Statement.length > 1) {
            yield [`without statement ${index}`, { ...policy, Statement: policy.Statement.toSpliced(index, 1) }];
        }
        for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
            for (const key of Object.keys(keys)) {
                const Condition = structuredClone(statement.Condition);
                delete Condition[operator][key];
                if (Object.keys(Condition[operator]).length === 0) delete Condition[operator];
                const without = policy.Statement.with(index, { ...statement, Condition });
                yield [`without ${operator} ${key} of statement ${index}`, { ...policy, Statement: without }];
            }
        }
    }
}

test('everyone may ask who he is, which no policy can refuse', async () => {
    for (const form of await readForms()) {
        const session = new Session(form.policy, form.partition);
        assert.equal(await session.judge({ action: BEYOND_POLICIES, resource: '*', context: form.context }), ALLOWED, form.name);
    }
});
