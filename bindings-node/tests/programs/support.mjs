// What the programs share: their task is their one argument, their answer is what they print.

export const { simulator, credentials } = JSON.parse(process.argv[2]);
export const route = { region: simulator.region, endpoint: simulator.http, credentials };
