// `node exchange.js ORIGIN [--report FILE] [--screenshots FOLDER] [--title TITLE]`: one spoken exchange with the story
// player at ORIGIN, as the user STORY_USER with STORY_PASSWORD. Says how it went as JSON; ends with 1 if it went wrong.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { converse } from './support/converse.js';

const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { report: { type: 'string' }, screenshots: { type: 'string' }, title: { type: 'string' } },
});
const [origin] = positionals;
const { STORY_USER: username, STORY_PASSWORD: password } = process.env;
if (origin === undefined || username === undefined || password === undefined) {
    console.error('usage: STORY_USER=… STORY_PASSWORD=… node exchange.js ORIGIN [--report FILE] [--screenshots FOLDER] [--title TITLE]');
    process.exit(2);
}
const report = await converse({ origin, username, password, title: values.title, screenshots: values.screenshots });
const json = JSON.stringify(report, undefined, 2);
if (values.report === undefined) console.log(json);
else await writeFile(values.report, `${json}\n`);
process.exitCode = report.ok ? 0 : 1;
