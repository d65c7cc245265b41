import { button, fill, h, panel, setText } from '../dom.js';
import { count } from '../format.js';
import { OfflinePeople } from '../offline-people.js';
import { searched } from '../people-search.js';
import { debounced, rarely } from '../poll.js';
import { VirtualList } from '../virtual-list.js';
import { searchField, statusFilter } from './people-controls.js';
import { rowOf } from './people-row.js';

const REPAINT_EVERY_MS = 250;
/** What was found is said aloud when no more is typed. */
const SAID_AFTER_MS = 600;
/** "3 min ago" goes on without news. */
const AGE_EVERY_MS = 30_000;

/** Everybody, to be searched and filtered. @param onOpen called with the id of whom was chosen */
export function peopleView({ api, store, onOpen }) {
  const asked = { words: '', status: 'all' };
  const offline = new OfflinePeople(api, store);
  const found = foundList({ offline, onOpen });
  const repaint = () => found.show(searched(store.people.values(), asked), asked);
  const ask = (more) => {
    Object.assign(asked, more);
    repaint();
    found.say();
  };
  const { input, element: search } = searchField({
    onWords: (words) => ask({ words }),
    onOpen: () => found.list.openFirst(),
    onDown: () => found.list.focus(),
  });
  const filter = statusFilter((status) => ask({ status }));
  const { section, body } = panel('people', 'People');
  fill(body, h('div', { class: 'controls' }, search, filter), found.children);
  const painted = rarely(REPAINT_EVERY_MS, repaint);
  const stops = [store.onPeople(painted), offline.onChange(painted), found.stop];
  const aging = setInterval(repaint, AGE_EVERY_MS);
  offline.load();
  return {
    element: section,
    focus: () => found.list.focus(),
    focusSearch: () => input.focus(),
    stop() {
      stops.forEach((stop) => stop());
      clearInterval(aging);
      offline.stop();
    },
  };
}

/** Those who were found, how many they are, and what can be done where the list ends. */
function foundList({ offline, onOpen }) {
  const list = new VirtualList({
    id: 'people-list',
    label: 'People',
    key: ({ uid }) => uid,
    render: rowOf,
    onOpen: ({ uid }) => onOpen(uid),
  });
  const note = h('p', { class: 'note' });
  const said = h('p', { class: 'unseen', role: 'status' });
  const foot = h('div', { class: 'list-foot' });
  const say = debounced(SAID_AFTER_MS, () => setText(said, note.textContent));
  return {
    children: [note, said, list.element, foot],
    list,
    say,
    show(found, asked) {
      list.show(found);
      list.element.hidden = found.length === 0;
      setText(note, noteOf(found.length, asked));
      showFoot(foot, { found, asked, offline, onOpen });
    },
    stop() {
      say.cancel();
      list.stop();
    },
  };
}

function noteOf(found, { words, status }) {
  const who = found === 1 ? 'person' : 'people';
  const which = status === 'all' ? '' : ` ${words ? 'who ' : ''}${found === 1 ? 'is' : 'are'} ${status}`;
  return `${count(found)} ${who}${words ? ' found' : ''}${which}`;
}

/** What can be done where the list ends: read more of those offline, look for an id that is not in the list. */
function showFoot(foot, { found, asked, offline, onOpen }) {
  const lookUp = found.length === 0 && asked.words;
  const more = offline.hasMore && (asked.status === 'all' || asked.status === 'offline');
  const state = `${lookUp} ${more} ${offline.loading} ${found.length === 0}`;
  if (foot.dataset.state === state) return;
  foot.dataset.state = state;
  fill(
    foot,
    found.length === 0 && h('p', { class: 'empty' }, offline.loading ? 'Loading' : 'Nobody here.'),
    lookUp && button(`Look up the id “${asked.words}”`, () => onOpen(asked.words)),
    more && button('Read more people who are offline', () => offline.load()),
  );
}
