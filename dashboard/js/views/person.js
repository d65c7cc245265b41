import { segment } from '../api.js';
import { button, fill, h, setText, statusBadge } from '../dom.js';
import { personName, when } from '../format.js';
import { debounced } from '../poll.js';
import { historyView } from './person-history.js';
import { whyView } from './why.js';

/** Changes of one moment come one by one: read again when they are over. */
const SETTLED_AFTER_MS = 150;
/** Sessions and leases change without a change of what is shown. */
const EVERY_MS = 10_000;

/** The panel of one person, beside everything else: what is shown, why, and what was. @param onClosed called when it was closed */
export function personView({ api, store, isAdmin, onClosed }) {
  const heading = h('h2', { id: 'person-name', tabindex: -1 });
  const closing = button('Close', () => close(), { class: 'quiet', 'aria-keyshortcuts': 'Escape' });
  const head = h('div', { class: 'person-head' }, heading, closing);
  const body = h('div', { class: 'person-body' });
  const element = h('aside', { class: 'person', 'aria-labelledby': 'person-name', hidden: true }, head, body);
  let end = () => {};
  const close = () => {
    if (element.hidden) return;
    end();
    element.hidden = true;
    onClosed();
  };
  return {
    element,
    close,
    open(uid) {
      end();
      end = follow({ uid, api, store, isAdmin, heading, body });
      element.hidden = false;
      element.scrollTop = 0;
      heading.focus();
    },
    stop: () => end(),
  };
}

/** Shows a person and keeps that true. @returns how to end it */
function follow({ uid, api, store, isAdmin, heading, body }) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const summary = h('div', { class: 'summary', role: 'status' });
  const why = whyView({ api, uid, isAdmin, signal });
  const history = historyView({ api, uid, signal });
  const show = (person) => {
    setText(heading, personName(person));
    fill(summary, summaryOf(person));
  };
  const reread = () => {
    why.refresh();
    history.refresh();
  };
  const settled = debounced(SETTLED_AFTER_MS, reread);
  fill(body, summary, why.element, history.element);
  show(store.people.get(uid) ?? { uid, status: 'unknown' });
  const unlisten = store.onPerson(uid, (person) => {
    show(person);
    settled();
  });
  const timer = setInterval(() => !document.hidden && why.refresh(), EVERY_MS);
  reread();
  if (!store.people.has(uid)) readOne({ api, uid, store, summary, signal });
  return () => {
    stopping.abort();
    unlisten();
    settled.cancel();
    clearInterval(timer);
    why.stop();
  };
}

/** Somebody whom neither the feed nor the list has told of. */
async function readOne({ api, uid, store, summary, signal }) {
  try {
    const person = await api.get(`users/${segment(uid)}`, {}, { signal });
    if (person.status !== 'unknown') return store.read([person]);
    fill(summary, h('p', { class: 'empty' }, reasonInWords(person.reason)));
  } catch (error) {
    if (!signal.aborted) fill(summary, h('p', { class: 'empty' }, error.message));
  }
}

function reasonInWords(reason) {
  return reason === 'never-seen' ? 'Nothing is stored of this person’s presence.' : 'The store cannot be read now.';
}

function summaryOf({ uid, username, status, statusText, since }) {
  return [
    h('p', { class: 'handles' }, username && h('span', {}, `@${username}`), h('code', { title: 'id' }, uid)),
    h('p', { class: 'now' }, statusBadge(status), since && h('span', { class: 'note' }, `since ${when(since)}`)),
    statusText && h('p', { class: 'quote' }, statusText),
  ];
}
