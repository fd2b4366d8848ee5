// The engine compares text with `localeCompare` and options, which makes a collator every time: half of all the time
// that a verdict takes. The same comparison with the collators kept.

const localeCompare = String.prototype.localeCompare;
const kept = new Map();

String.prototype.localeCompare = function (other, locales, options) {
    if (locales !== undefined || !options) return localeCompare.call(this, other, locales, options);
    const key = JSON.stringify(options);
    if (!kept.has(key)) kept.set(key, new Intl.Collator(undefined, options));
    return kept.get(key).compare(this, other);
};
