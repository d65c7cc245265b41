import { h, setText, statusMark } from '../dom.js';
import { count } from '../format.js';
import { STATUSES } from '../store.js';
import { debounced } from '../poll.js';

/** Said aloud at most this often: a busy morning must not talk without a pause. */
const SAID_AFTER_MS = 3_000;

/** People by status, live. */
export function countsView({ store }) {
  const values = Object.fromEntries(STATUSES.map((status) => [status, h('dd', { data: { count: status } }, '–')]));
  const tiles = STATUSES.map((status) =>
    h('div', { class: 'tile', data: { status } }, h('dt', {}, statusMark(status), status), values[status]),
  );
  const said = h('p', { class: 'unseen', 'aria-live': 'polite', 'aria-atomic': 'true' });
  const say = debounced(SAID_AFTER_MS, () => {
    const { counts } = store;
    if (counts) setText(said, STATUSES.map((status) => `${count(counts[status])} ${status}`).join(', '));
  });
  const stop = store.onPeople(() => {
    const { counts } = store;
    if (!counts) return;
    for (const status of STATUSES) setText(values[status], count(counts[status]));
    document.title = `${count(counts.online)} online · Presence`;
    say();
  });
  const element = h(
    'section',
    { class: 'counts', 'aria-label': 'People by status' },
    h('dl', { class: 'tiles' }, tiles),
    said,
  );
  return {
    element,
    stop() {
      stop();
      say.cancel();
      document.title = 'Presence';
    },
  };
}
