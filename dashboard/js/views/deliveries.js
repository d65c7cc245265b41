import { segment } from '../api.js';
import { button, fill, h } from '../dom.js';
import { plural, when } from '../format.js';

const SHOWN = 20;

/**
 * What is on its way to a webhook, or was given up: opened by a button.
 *
 * @param path of the webhook, e.g. `callbacks/1`
 * @param done says how an action went
 * @returns toggle: the button; element; `refresh` reads again where it is open
 */
export function deliveriesView({ api, path, done }) {
  const element = h('div', { class: 'deliveries', hidden: true });
  const refresh = async () => {
    if (element.hidden) return;
    try {
      const { deliveries } = await api.get(`${path}/deliveries`, { limit: SHOWN });
      if (!element.contains(document.activeElement)) fill(element, content(deliveries, retry));
    } catch (error) {
      fill(element, h('p', { class: 'empty' }, error.message));
    }
  };
  const retry = async (id) => {
    await done('Trying again', () => api.post(`${path}/deliveries/${segment(id)}/retry`));
    toggle.focus();
    await refresh();
  };
  const toggle = button(
    'Deliveries',
    () => {
      element.hidden = !element.hidden;
      toggle.setAttribute('aria-expanded', String(!element.hidden));
      refresh();
    },
    { 'aria-expanded': 'false' },
  );
  return { toggle, element, refresh };
}

function content(deliveries, retry) {
  if (deliveries.length === 0) return h('p', { class: 'empty' }, 'Nothing waits, and nothing was given up.');
  return h(
    'ul',
    { class: 'rows' },
    deliveries.map((one) => row(one, retry)),
  );
}

function row({ id, uid, to, at, state, attempts, dueAt, lastError }, retry) {
  const next = state === 'parked' ? 'given up' : `next try ${when(dueAt, { seconds: true })}`;
  return h(
    'li',
    { class: 'stacked' },
    h('span', { class: 'row-name' }, `${uid} → ${to}`),
    h('span', { class: 'note' }, `${when(at, { seconds: true })}; ${plural(attempts, 'attempt')}, ${next}`),
    lastError && h('span', { class: 'note' }, lastError),
    h(
      'span',
      { class: 'actions' },
      button('Retry', () => retry(id), { 'aria-label': `Retry ${uid} ${id}` }),
    ),
  );
}
