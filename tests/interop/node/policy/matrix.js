// The question put to every engine: each action of the catalogue, on each resource, in each context, under each form
// of the session policy. The same order in every language: form, action, resource, context.

import { readFile } from 'node:fs/promises';

import { committedCatalogue } from './catalogue.js';

const VECTORS = new URL('../../../vectors/policy/', import.meta.url);
const ACCOUNT = '123456789012';

/** What nobody is refused, whatever policies say: to be told who one is. Source: AWS STS API reference, `GetCallerIdentity`. */
export const BEYOND_POLICIES = 'sts:GetCallerIdentity';
/** What the catalogue does not have, though the operation is called so. */
export const UNLISTED = 'bedrock:InvokeModelWithBidirectionalStream';

/** What a policy says about a case, in one letter each. */
export const ALLOWED = 'A';
export const DENIED = 'D';
export const NOT_ALLOWED = 'N';

const vector = async (name) => JSON.parse(await readFile(new URL(name, VECTORS), 'utf8'));

/** The forms of the policy, as the library renders them. */
export async function readForms() {
    const [forms, rendered] = await Promise.all([vector('forms.json'), vector('../scope/policies.json')]);
    return forms.map((form) => ({ ...form, policy: JSON.parse(rendered.find(({ name }) => name === form.name).policy) }));
}

/** Every action that is asked about: `{ name, complete, own }`, with the ARNs that the catalogue gives it. */
export async function readActions() {
    const { services, bedrockArns } = await committedCatalogue();
    const actions = Object.entries(services).flatMap(([service, { complete, actions }]) =>
        Object.entries(actions).map(([action, own]) => ({ name: `${service}:${action}`, complete, own })),
    );
    const { own } = actions.find(({ name }) => name === 'bedrock:InvokeModel');
    actions.push({ name: UNLISTED, complete: true, own });
    return { actions: actions.filter(({ name }) => name !== BEYOND_POLICIES), bedrockArns };
}

/** Every case of a form: `{ action, resource, own, context, contextName, wanted }`.
 *
 * A form that is asked about as a whole meets every action of the catalogue in every context, on every kind of ARN that
 * Bedrock has; of the others that is asked in which they differ. Edges are contexts for the action in question alone. */
export function* cases(form, { actions, bedrockArns }) {
    const inTime = [['in time', form.context]];
    const all = [...inTime, ...contexts(form, form.changes)];
    const withEdges = [...all, ...contexts(form, form.edges)];
    for (const action of actions.filter(({ complete }) => form.whole || complete)) {
        const named = form.actions.includes(action.name);
        const asked = named ? withEdges : form.whole ? all : inTime;
        for (const resource of resources(form, action, bedrockArns)) {
            for (const [contextName, context] of asked) {
                const wanted = wantedOf(form, named, resource.arn, contextName);
                yield { action: action.name, resource: resource.arn, own: resource.own, context, contextName, wanted };
            }
        }
    }
}

function contexts(form, changes) {
    // sorted by name, as Rust reads them
    const sorted = Object.entries(changes).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([name, change]) => [name, { ...form.context, ...change }]);
}

function resources(form, { complete, own }, bedrockArns) {
    const models = form.allowed.map(({ resource }) => resource);
    const asked = complete ? [...models, ...form.others] : [models[0], form.others[0]];
    if (form.whole) asked.push(...(complete ? bedrockArns : []), ...own);
    const place = (arn) =>
        arn.replace('${Partition}', form.partition).replace('${Region}', form.region).replace('${Account}', ACCOUNT);
    const placed = new Set([...asked.map(place), '*']);
    const owned = new Set(own.map(place));
    return [...placed].map((arn) => ({ arn, own: owned.has(arn) }));
}

/** Allowed is the one action on what the form names, in the contexts that it names; the rest is denied explicitly,
 * but for that same action at the wrong time or place, which is merely not allowed. */
function wantedOf(form, named, resource, contextName) {
    const entry = form.allowed.find((allowed) => allowed.resource === resource);
    if (!entry || !named) return DENIED;
    return entry.contexts.includes(contextName) ? ALLOWED : NOT_ALLOWED;
}
