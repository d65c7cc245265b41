import { fill, h, panel } from '../dom.js';
import { count, plural } from '../format.js';

const MOST_SHOWN = 8;

/** The instances of Rocket.Chat with the most sessions. */
export function instancesView() {
  const { section, body } = panel('instances', 'Busiest instances');
  fill(body, h('p', { class: 'note' }, 'Loading'));
  return { element: section, show: (stats) => fill(body, stats ? content(stats) : unavailable()) };
}

function content({ instances, connections }) {
  const sorted = [...instances].sort((a, b) => b.sessions - a.sessions);
  const most = sorted[0]?.sessions ?? 0;
  const peak = h(
    'p',
    { class: 'note' },
    `${plural(connections.current, 'session')} now, ${count(connections.peak)} at most`,
  );
  if (sorted.length === 0) return [h('p', { class: 'empty' }, 'Nobody has a session.'), peak];
  const rows = sorted.slice(0, MOST_SHOWN).map((one) => row(one, most));
  const more = sorted.length - rows.length;
  return [h('ul', { class: 'bars' }, rows), more > 0 && h('p', { class: 'note' }, `and ${count(more)} more`), peak];
}

function row({ instanceId, sessions }, most) {
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', `${most === 0 ? 0 : (100 * sessions) / most}%`);
  return h(
    'li',
    {},
    h('span', { class: 'bar-name', title: instanceId }, instanceId),
    h('span', { class: 'bar-value' }, count(sessions), h('span', { class: 'unseen' }, ' sessions')),
    bar,
  );
}

function unavailable() {
  return h('p', { class: 'empty' }, 'The store cannot be read now.');
}
