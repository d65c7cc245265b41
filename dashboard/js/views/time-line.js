import { timeChart } from '../chart.js';
import { fill, h, panel, setText } from '../dom.js';
import { lastDay } from '../day.js';
import { count } from '../format.js';
import { every } from '../poll.js';

const EVERY_MS = 60_000;
const LINES = {
  statuses: [
    { label: 'Online', colour: '--online', tint: '--online-tint' },
    { label: 'Away', colour: '--away' },
    { label: 'Busy', colour: '--busy' },
  ],
  hours: [
    { label: 'There on average', colour: '--accent', tint: '--accent-tint' },
    { label: 'At most', colour: '--muted' },
  ],
};

/** The last day as lines. */
export function timeLineView({ api, store }) {
  const { section, body } = panel('time-line', 'The last day');
  let chart;
  let kind;
  const said = h('p', { class: 'unseen' });
  const show = (day) => {
    if (day.kind !== kind) {
      chart?.stop();
      kind = day.kind;
      chart = timeChart(LINES[kind]);
      const figure = h('div', { role: 'img', 'aria-labelledby': 'time-line-said' }, chart.element);
      said.id = 'time-line-said';
      fill(body, figure, said);
    }
    chart.show(day.data);
    setText(said, inWords(day.data));
  };
  const fail = (error) => {
    chart?.stop();
    chart = kind = undefined;
    fill(body, h('p', { class: 'empty' }, error.code === 'HISTORY_OFF' ? 'No history is kept here.' : error.message));
  };
  const polling = every(EVERY_MS, async () => {
    const counts = store.counts ?? (await api.get('stats').catch(() => undefined))?.statuses;
    if (counts) await lastDay(api, counts).then(show, fail);
  });
  return {
    element: section,
    stop() {
      polling.stop();
      chart?.stop();
    },
  };
}

/** What the lines show, for whoever cannot see them. */
function inWords([seconds, first]) {
  const most = Math.max(...first.map((value) => value ?? 0));
  const at = new Date(1000 * seconds[first.indexOf(most)]).toLocaleTimeString('en-GB', { timeStyle: 'short' });
  return `Lines over the last 24 hours. Most: ${count(most)}, at ${at}. Now: ${count(first.at(-1) ?? 0)}.`;
}
