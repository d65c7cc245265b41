import { button, fill, h, statusMark } from '../dom.js';
import { causeInWords, when } from '../format.js';

const PAGE = 20;

/** The changes of one person, newest first. */
export function historyView({ api, uid, signal }) {
  const list = h('ol', { class: 'history' });
  const foot = h('div', {});
  const title = h('h3', { id: 'history-title' }, 'History');
  const element = h('section', { class: 'part', 'aria-labelledby': 'history-title' }, title, list, foot);
  const older = { pages: undefined };
  const read = async (restart) => {
    if (restart) older.pages = api.pages('history', { uid, limit: PAGE }, { signal });
    const pages = older.pages;
    try {
      const { value } = await pages.next();
      if (pages !== older.pages) return; // asked anew meanwhile
      const rows = (value?.changes ?? []).map(row);
      if (restart) fill(list, rows);
      else list.append(...rows);
      fill(
        foot,
        footOf(list, value, () => read(false)),
      );
    } catch (error) {
      if (!signal.aborted) fill(foot, h('p', { class: 'empty' }, wordsOf(error)));
    }
  };
  return { element, refresh: () => read(true) };
}

function footOf(list, page, onMore) {
  if (list.childElementCount === 0) return h('p', { class: 'empty' }, 'No change is kept.');
  return page?.next && button('Older', onMore);
}

function row({ at, from, to, text, cause }) {
  return h(
    'li',
    { class: 'stacked' },
    h(
      'span',
      { class: 'row-name' },
      statusMark(to),
      from && from !== to ? ` ${from} → ${to}` : ` ${to}`,
      h('time', { datetime: at }, when(at, { seconds: true })),
    ),
    text && h('span', { class: 'quote' }, text),
    h('span', { class: 'note' }, causeInWords(cause)),
  );
}

function wordsOf(error) {
  return error.code === 'HISTORY_OFF' ? 'No history is kept here.' : error.message;
}
