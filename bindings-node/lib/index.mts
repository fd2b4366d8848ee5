// The same package for `import`: one copy of everything, whichever way it is loaded.

export * from './index.js';
