// A page for tests that need one: loaded before anything that looks for it.

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html lang="en"><title>test</title><body></body></html>', {
    pretendToBeVisual: true,
    url: 'https://localhost/',
});
for (const name of Object.getOwnPropertyNames(window)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { configurable: true, get: () => window[name] });
}
globalThis.window = window;
Object.defineProperty(globalThis, 'navigator', { configurable: true, value: window.navigator });
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
