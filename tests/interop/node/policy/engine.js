// @cloud-copilot/iam-simulate as judge: a role that may do everything, and a session policy.
//
// It stands under the AGPL: tests ask it, and it is no part of anything that is shipped.

import { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy } from '@cloud-copilot/iam-policy';
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate';

import { ALLOWED, DENIED, NOT_ALLOWED, UNLISTED } from './matrix.js';

const ACCOUNT = '123456789012';
const LETTERS = { Allowed: ALLOWED, ExplicitlyDenied: DENIED, ImplicitlyDenied: NOT_ALLOWED };
/** What the catalogue says of an action on a resource that it does not take, or of one that it does not have. */
const NOT_IN_CATALOGUE = ['invalid.action', 'must.use.wildcard', 'no.resource.types', 'multiple.resource.types'];

const statement = (more) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', ...more }] });
const EVERYTHING = createValidatedPolicy(statement({}), validateIdentityPolicy);

/** A session of a role under one policy. */
export class Session {
    #policy;
    #document;
    #principal;
    /** How many cases were judged with the catalogue, and without. */
    counts = { inCatalogue: 0, beyondCatalogue: 0 };

    constructor(document, partition) {
        this.#document = document;
        this.#policy = createValidatedPolicy(document, validateIdentityPolicy);
        if (this.#policy.errors.length > 0) throw new Error(`no legal policy: ${JSON.stringify(this.#policy.errors)}`);
        this.#principal = `arn:${partition}:sts::${ACCOUNT}:assumed-role/voice/ns-child-7`;
    }

    /** The verdict about a case, in one letter. */
    async judge({ action, resource, context, own }) {
        if (resource === '*' && this.#names(action)) return this.#judgeAnything(context);
        // every model's ARN is one that these actions take, the examples of the catalogue or not
        if (own || resource === '*' || action.startsWith('bedrock:InvokeModel')) {
            const answer = await runSimulation({ ...this.#simulation(action, resource, context), sessionPolicy: this.#policy }, {});
            if (answer.resultType !== 'error') {
                this.counts.inCatalogue += 1;
                return LETTERS[answer.overallResult];
            }
            if (!NOT_IN_CATALOGUE.includes(answer.errors.message)) throw new Error(JSON.stringify(answer.errors));
        }
        this.counts.beyondCatalogue += 1;
        return this.#judgeWithoutCatalogue(action, resource, context);
    }

    /** The verdict when the resource's own policy names the session and allows everything.
     *
     * IAM then lets through what the session policy merely does not allow. The engine knows this of permissions
     * boundaries only, for which IAM's rule is the same. */
    judgeInvited({ action, resource, context }) {
        const inviting = statement({ Principal: { AWS: this.#principal } });
        const resourcePolicy = createValidatedPolicy(inviting, validateResourcePolicy, { name: 'resource' });
        return this.#judgeWithoutCatalogue(action, resource, context, { resourcePolicy });
    }

    /** What the catalogue would not let be asked. This entry takes no session policy, so it stands as a permissions
     * boundary: what is allowed is what the role and it both allow, as with a session policy. */
    #judgeWithoutCatalogue(action, resource, context, more = {}) {
        const permissionBoundaryPolicies = [{ name: 'session', policy: this.#policy }];
        const simulation = { ...this.#simulation(action, resource, context), permissionBoundaryPolicies, ...more };
        return LETTERS[runUnsafeSimulation(simulation, {})];
    }

    /** A bare `*` is a pattern to this engine: it asks whether there is anything that would be allowed. With both
     * policies changed over, it says what: that must be among what the policy names, and then everything else that
     * `*` stands for is denied. */
    async #judgeAnything(context) {
        const simulation = this.#simulation('bedrock:InvokeModel', '*', context);
        const identityPolicies = [{ name: 'session', policy: this.#policy }];
        const answer = await runSimulation({ ...simulation, identityPolicies, sessionPolicy: EVERYTHING }, {});
        if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
        this.counts.inCatalogue += 1;
        const found = answer.results.filter(({ analysis }) => analysis.result === 'Allowed').map(({ resourcePattern }) => resourcePattern);
        const named = this.#document.Statement.flatMap(({ Effect, Resource }) => (Effect === 'Allow' ? [Resource].flat() : []));
        return found.every((pattern) => pattern !== '*' && named.includes(pattern)) ? DENIED : ALLOWED;
    }

    #names(action) {
        return action === 'bedrock:InvokeModel' || action === UNLISTED;
    }

    #simulation(action, resource, contextVariables) {
        return {
            request: { principal: this.#principal, action, resource: { resource, accountId: ACCOUNT }, contextVariables },
            identityPolicies: [{ name: 'role', policy: EVERYTHING }],
            serviceControlPolicies: [],
            resourceControlPolicies: [],
        };
    }
}
