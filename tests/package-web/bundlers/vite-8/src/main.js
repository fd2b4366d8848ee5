import { offerToTalk } from '../talk.js';

if (location.search === '?react') {
    const { show } = await import('./react.jsx');
    show(document.querySelector('#root'));
} else {
    offerToTalk();
}
