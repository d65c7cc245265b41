import { button, h, setText } from '../dom.js';

/** How the live connection stands; while one is waited for, it can be asked for at once. */
export function connection(feed) {
  const text = h('span', { role: 'status' }, 'Connecting');
  const retry = button('Connect now', () => feed.retryNow(), { class: 'quiet small', hidden: true });
  const element = h('div', { class: 'connection', data: { state: 'connecting' } }, text, retry);
  feed.addEventListener('state', ({ detail: { state } }) => {
    element.dataset.state = state;
    retry.hidden = state !== 'waiting';
    setText(text, WORDS[state]);
  });
  return element;
}

const WORDS = { connecting: 'Connecting', live: 'Live', waiting: 'Not connected, trying again', closed: 'Closed' };
