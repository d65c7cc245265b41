import { segment } from '../api.js';
import { fill, h, setText, statusMark } from '../dom.js';
import { instanceInWords, sourceInWords, storyOf, timerInWords } from '../explain-words.js';
import { span, when } from '../format.js';

const TICK_MS = 1_000;

/** Why a person is shown so. Admins see everything that is stored; others see the claims. */
export function whyView({ api, uid, isAdmin, signal }) {
  const body = h('div', {}, h('p', { class: 'note' }, 'Loading'));
  const element = h(
    'section',
    { class: 'part', 'aria-labelledby': 'why-title' },
    h('h3', { id: 'why-title' }, 'Why'),
    body,
  );
  let tick = () => {};
  const refresh = async () => {
    const path = `users/${segment(uid)}/${isAdmin ? 'explain' : 'claims'}`;
    try {
      const answer = await api.get(path, {}, { signal });
      const content = isAdmin ? explained(answer) : onlyClaims(answer);
      tick = content.tick;
      fill(body, content.children);
    } catch (error) {
      if (!signal.aborted) fill(body, h('p', { class: 'empty' }, error.message));
    }
  };
  const ticking = setInterval(() => tick(), TICK_MS);
  return { element, refresh, stop: () => clearInterval(ticking) };
}

function explained(answer) {
  const story = h(
    'div',
    { class: 'story' },
    storyOf(answer).map((sentence) => h('p', {}, sentence)),
  );
  if (answer.known === false) return { children: [story], tick() {} };
  const { children, tick } = timers(answer.timers);
  return {
    children: [
      story,
      ...part('Sessions', answer.sessions.map(sessionRow), 'No session.'),
      ...part('Claims', claimRows(answer.claim, answer.waiting), 'No claim: the sessions decide.'),
      ...part('What happens next', children, 'Nothing by itself.'),
    ],
    tick,
  };
}

/** A countdown goes on without asking again. */
function timers(all) {
  const askedAtMs = performance.now();
  const rows = all.map((timer) => ({ timer, row: h('li', {}) }));
  const tick = () => {
    for (const { timer, row } of rows) setText(row, timerInWords(timer, performance.now() - askedAtMs));
  };
  tick();
  return { children: rows.map(({ row }) => row), tick };
}

function part(title, rows, none) {
  return [h('h4', {}, title), rows.length > 0 ? h('ul', { class: 'rows' }, rows) : h('p', { class: 'empty' }, none)];
}

function sessionRow({ id, instanceId, status, instance, seenAgoMs, leaseLeftMs }) {
  const lease = leaseLeftMs === undefined ? 'no heartbeats' : `lease ${span(leaseLeftMs)}`;
  return h(
    'li',
    { class: 'stacked' },
    h('span', { class: 'row-name' }, statusMark(status), ` ${status} `, h('code', {}, id)),
    h('span', { class: 'note' }, `${instanceId}, ${instanceInWords(instance)}; seen ${span(seenAgoMs)} ago, ${lease}`),
  );
}

function claimRows(active, waiting) {
  return [...(active ? [claimRow(active, 'holds now')] : []), ...waiting.map((claim) => claimRow(claim, 'waits'))];
}

/** A claim as `explain` tells it (statusDefault, …) or as `claims` does (status, …). */
function claimRow(claim, state) {
  const status = claim.statusDefault ?? claim.status;
  const text = claim.statusText ?? claim.text;
  const ends = claim.statusExpiresAt ?? claim.expiresAt;
  const source = sourceInWords(claim.statusSource ?? claim.source);
  return h(
    'li',
    { class: 'stacked' },
    h('span', { class: 'row-name' }, statusMark(status), ` ${status} `, h('span', { class: 'tag' }, state)),
    text && h('span', { class: 'quote' }, text),
    h('span', { class: 'note' }, `by ${source}, ${ends ? `until ${when(ends)}` : 'without an end'}`),
  );
}

function onlyClaims({ active, waiting = [] }) {
  const note = h('p', { class: 'note' }, 'Sessions and reasons are shown to admins.');
  return {
    children: [...part('Claims', claimRows(active, waiting), 'No claim: the sessions decide.'), note],
    tick() {},
  };
}
