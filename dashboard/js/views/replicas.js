import { fill, h, panel } from '../dom.js';
import { every } from '../poll.js';

const EVERY_MS = 10_000;

/** The presence nodes, and which of them does the jobs of one. */
export function replicasView({ api }) {
  const { section, body } = panel('replicas', 'Replicas');
  const polling = every(EVERY_MS, async () => {
    try {
      const { replicas } = await api.get('replicas');
      fill(body, h('ul', { class: 'rows' }, replicas.map(row)));
    } catch (error) {
      fill(body, h('p', { class: 'empty' }, error.message));
    }
  });
  return { element: section, stop: polling.stop };
}

function row({ nodeID, role, leader, here, answers }) {
  return h(
    'li',
    {},
    h('span', { class: 'row-name', title: nodeID }, nodeID),
    h(
      'span',
      { class: 'tags' },
      leader && h('span', { class: 'tag strong' }, 'leader'),
      role && h('span', { class: 'tag' }, role),
      here && h('span', { class: 'tag' }, 'answers here'),
      answers === false && h('span', { class: 'tag bad' }, 'does not answer'),
    ),
  );
}
