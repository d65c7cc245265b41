import { segment } from '../api.js';
import { button, fill, h, panel, setText } from '../dom.js';
import { count, plural } from '../format.js';
import { every } from '../poll.js';
import { deliveriesView } from './deliveries.js';

const EVERY_MS = 5_000;

/** The webhooks, for admins: how they stand, what waits for them, and what can be done about it. */
export function webhooksView({ api }) {
  const { section, body } = panel('webhooks', 'Webhooks');
  const said = h('p', { class: 'note', role: 'status' });
  const list = h('ul', { class: 'hooks' });
  const empty = h('p', { class: 'empty' }, 'Loading');
  fill(body, list, empty, said);
  /** id → row: a row that is there already is brought up to date, so that whoever is on one of its buttons stays there. */
  const rows = new Map();
  const show = (callbacks) => {
    const ids = new Set(callbacks.map(({ id }) => id));
    for (const [id, row] of rows) if (!ids.has(id)) rows.delete(id) && row.element.remove();
    for (const callback of callbacks) {
      if (!rows.has(callback.id)) {
        rows.set(callback.id, hookRow({ api, id: callback.id, done: refreshed(said, () => polling.now()) }));
        list.append(rows.get(callback.id).element);
      }
      rows.get(callback.id).show(callback);
    }
    setText(empty, callbacks.length === 0 ? 'None is registered.' : '');
  };
  const polling = every(EVERY_MS, async () => {
    await api.get('callbacks').then(
      (answer) => show(answer.callbacks),
      (error) => setText(empty, error.message),
    );
  });
  return { element: section, stop: polling.stop };
}

/** Says how something that was asked for went, and looks again. */
function refreshed(said, again) {
  return async (what, work) => {
    try {
      setText(said, wordsOf(what, await work()));
    } catch (error) {
      setText(said, `${what} failed: ${error.message}`);
    }
    again();
  };
}

function wordsOf(what, answer) {
  if (answer?.ok === false) return `${what}: not taken, ${answer.error ?? `the target answered ${answer.status}`}.`;
  return answer?.tookMs === undefined ? `${what}: done.` : `${what}: taken in ${count(answer.tookMs)} ms.`;
}

function hookRow({ api, id, done }) {
  const path = `callbacks/${segment(id)}`;
  let paused = false;
  const name = h('span', { class: 'row-name' });
  const state = h('span', { class: 'tag' });
  const about = h('span', { class: 'note' });
  const deliveries = deliveriesView({ api, path, done });
  const act = (word, verb) => done(`${word} ${name.textContent}`, () => api.post(`${path}/${verb}`));
  const switching = button('Pause', () => (paused ? act('Resuming', 'resume') : act('Pausing', 'pause')));
  const testing = button('Test', () => act('Testing', 'test'));
  const element = h(
    'li',
    { class: 'stacked' },
    h('span', { class: 'hook-head' }, name, state),
    about,
    h('span', { class: 'actions' }, switching, testing, deliveries.toggle),
    deliveries.element,
  );
  return {
    element,
    show(callback) {
      paused = callback.state === 'paused';
      setText(name, callback.name || callback.url);
      name.title = callback.url;
      setText(state, stateInWords(callback));
      state.dataset.state = callback.state;
      setText(about, aboutInWords(callback));
      setText(switching, paused ? 'Resume' : 'Pause');
      for (const control of [switching, testing, deliveries.toggle]) {
        control.setAttribute('aria-label', `${control.textContent}: ${name.textContent}`);
      }
      deliveries.refresh();
    },
  };
}

function stateInWords({ state, pausedBecause }) {
  return pausedBecause === 'gone' ? 'paused: the target is gone (410)' : state;
}

function aboutInWords({ uids = [], statuses = [], waiting = 0, parked = 0 }) {
  const whom = uids.length > 0 ? plural(uids.length, 'person').replace('persons', 'people') : 'everybody';
  const which = statuses.length > 0 ? `changes to ${statuses.join(', ')}` : 'all changes';
  return `${which} of ${whom}; ${count(waiting)} waiting, ${count(parked)} given up`;
}
