// What people do on the page, and what they see there.

/** The longest that anything is waited for, ms; the machine may be busy. */
export const PATIENCE_MS = 30_000;

/** Signs in on the backend's own page, which leads to the shelf. */
export async function signIn(page, origin, username, password) {
    await page.goto(`${origin}/`);
    await page.getByLabel('Name', { exact: true }).fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Your stories' }).waitFor({ timeout: PATIENCE_MS });
}

/** Takes a story from the shelf: the one of that title, or the first. */
export async function openStory(page, title) {
    const books = page.getByRole('main').getByRole('listitem').getByRole('link');
    await (title === undefined ? books : books.filter({ hasText: title })).first().click();
    await player(page).waitFor({ timeout: PATIENCE_MS });
}

export function player(page) {
    return page.getByRole('region', { name: 'Storyteller' });
}

/** Presses the button that begins a conversation; answers its name. */
export async function start(page) {
    const button = player(page).getByRole('button', { name: /^(Start talking|Talk again|Try again)$/ });
    const name = await button.textContent();
    await button.click();
    return name;
}

export async function stop(page) {
    await player(page).getByRole('button', { name: 'Stop' }).click();
}

/** Waits until the player stands like that: one of `phases`. */
export async function standing(page, ...phases) {
    const selector = phases.map((phase) => `.player[data-state="${phase}"]`).join(', ');
    await page.locator(selector).waitFor({ timeout: PATIENCE_MS });
}

/** Writes instead of speaking. */
export async function write(page, text) {
    await page.getByLabel('Write to the storyteller').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
}

/** The captions as they are read: of an answer that was cut off, `heard` ends where the ear did. */
export function captions(page) {
    return page.getByRole('log', { name: 'What was said' }).locator('li').evaluateAll((items) =>
        items.map((item) => {
            const words = item.querySelector('.words');
            const text = [...words.childNodes].filter((node) => !node.classList?.contains('only-read')).map((node) => node.textContent).join('');
            return {
                role: item.dataset.role,
                stage: item.dataset.stage,
                text,
                ...(item.dataset.interrupted && { heard: words.firstChild.textContent }),
            };
        }),
    );
}

/** Waits until somebody's final words are these, as the `count`th of them. */
export async function said(page, role, text, count = 1) {
    await page
        .locator(`.captions li[data-role="${role}"][data-stage="final"]`)
        .filter({ hasText: text })
        .nth(count - 1)
        .waitFor({ timeout: PATIENCE_MS });
}

/** What carries the conversation, and the reason that is shown for it. */
export async function transport(page, by) {
    const badge = page.locator(by === undefined ? '.transport' : `.transport[data-transport="${by}"]`);
    await badge.waitFor({ timeout: PATIENCE_MS });
    return badge.evaluate(({ dataset, innerText }) => ({ by: dataset.transport, reason: dataset.reason, text: innerText }));
}

/** Notes where the player stands from now on; the function answered gives the phases so far. */
export async function watchPhases(page) {
    await player(page).evaluate((element) => {
        window.storyPhases = [];
        new MutationObserver(() => {
            const { state } = element.dataset;
            if (window.storyPhases.at(-1) !== state) window.storyPhases.push(state);
        }).observe(element, { attributeFilter: ['data-state'] });
    });
    return () => page.evaluate(() => window.storyPhases);
}

/** Asks again until `holds` is true of what `look` finds. */
export async function until(look, holds) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
        const found = await look();
        if (holds(found)) return found;
        if (Date.now() > end) throw new Error(`it stays at ${JSON.stringify(found)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
