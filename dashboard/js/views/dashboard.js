import { button, h } from '../dom.js';
import { onKeys } from '../keys.js';
import { every } from '../poll.js';
import { Feed } from '../socket.js';
import { Store } from '../store.js';
import { connection } from './connection.js';
import { countsView } from './counts.js';
import { instancesView } from './instances.js';
import { peopleView } from './people.js';
import { personView } from './person.js';
import { replicasView } from './replicas.js';
import { themeSwitch } from './theme-switch.js';
import { timeLineView } from './time-line.js';
import { webhooksView } from './webhooks.js';

const STATS_EVERY_MS = 5_000;

/**
 * Everything that is shown to whoever has signed in.
 *
 * @param caller {name, scope}, as GET /me answers it
 */
export function dashboard({ api, token, caller, onSignOut }) {
  const store = new Store();
  const feed = new Feed(token);
  const isAdmin = caller.scope === 'admin';
  wire(feed, store, onSignOut);
  const person = personView({ api, store, isAdmin, onClosed: () => people.focus() });
  const people = peopleView({ api, store, onOpen: (uid) => person.open(uid) });
  const context = { api, store, isAdmin };
  const parts = [countsView(context), timeLineView(context), instancesView(), replicasView(context)];
  if (isAdmin) parts.push(webhooksView(context));
  const [counts, timeLine, instances, ...rest] = parts;
  const stats = every(STATS_EVERY_MS, async () => {
    const answer = await api.get('stats').catch(() => undefined);
    if (answer) store.counted(answer.statuses);
    instances.show(answer);
  });
  const keys = onKeys({ '/': () => people.focusSearch(), Escape: () => person.close() });
  const element = h(
    'div',
    { class: 'shell' },
    header({ feed, caller, onSignOut }),
    h(
      'main',
      { class: 'grid', id: 'main' },
      counts.element,
      timeLine.element,
      people.element,
      h(
        'div',
        { class: 'side' },
        instances.element,
        rest.map((part) => part.element),
      ),
    ),
    person.element,
  );
  feed.start();
  return {
    element,
    focus: () => element.querySelector('h1').focus(),
    stop: () => [feed, stats, keys, people, person, ...parts].forEach((part) => part.stop?.()),
  };
}

function wire(feed, store, onSignOut) {
  feed.addEventListener('epoch', () => store.forgetRevisions());
  feed.addEventListener('snapshot', ({ detail }) => store.snapshot(detail));
  feed.addEventListener('changes', ({ detail }) => store.changes(detail));
  feed.addEventListener('state', ({ detail }) => (store.live = detail.state === 'live'));
  feed.addEventListener('refused', () => onSignOut('The token is no longer accepted. Sign in again.'));
}

function header({ feed, caller, onSignOut }) {
  return h(
    'header',
    { class: 'top' },
    h('h1', { tabindex: -1 }, 'Presence'),
    h('a', { class: 'skip', href: '#people-search' }, 'Skip to people'),
    connection(feed),
    h('span', { class: 'spacer' }),
    h(
      'span',
      { class: 'caller', title: 'Who is signed in, and what this token may do' },
      `${caller.name} · ${caller.scope}`,
    ),
    h('a', { class: 'quiet', href: 'docs' }, 'API'),
    themeSwitch(),
    button('Sign out', () => onSignOut(), { class: 'quiet' }),
  );
}
