// What the programs share: their task is their one argument, their answer is what they print.

export const { simulator, credentials, others = {} } = JSON.parse(process.argv[2]);
const routeTo = ({ region, http }) => ({ region, endpoint: http, credentials });
export const route = routeTo(simulator);
/** Ways to other simulators, by what they do. */
export const routes = Object.fromEntries(Object.entries(others).map(([name, other]) => [name, routeTo(other)]));
