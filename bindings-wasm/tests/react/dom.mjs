// A page for tests that need one: loaded before anything that looks for it.

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html lang="en"><title>test</title><body></body></html>', {
    pretendToBeVisual: true,
    url: 'https://localhost/',
});
// jsdom has none; the tests in a real browser press with real ones
window.PointerEvent ??= class PointerEvent extends window.MouseEvent {};
for (const name of Object.getOwnPropertyNames(window)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: window[name] });
}
// newer versions of Node have one of their own
Object.defineProperty(globalThis, 'navigator', { configurable: true, value: window.navigator });
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
