import { h } from '../dom.js';
import { STATUSES } from '../store.js';

/** Where words are typed. Enter opens the first who is found, the arrow down goes on to the list. */
export function searchField({ onWords, onOpen, onDown }) {
  const input = h('input', {
    id: 'people-search',
    type: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Name, username or id',
    'aria-keyshortcuts': '/',
    onInput: () => onWords(input.value.trim()),
    onKeydown: (event) => {
      if (event.key === 'Enter') onOpen();
      else if (event.key === 'ArrowDown') onDown();
      else return;
      event.preventDefault();
    },
  });
  const label = h('label', { for: 'people-search' }, 'Search ', h('kbd', { 'aria-hidden': 'true' }, '/'));
  return { input, element: h('div', { class: 'field' }, label, input) };
}

/** Which status: one of the four, or all. */
export function statusFilter(onStatus) {
  const option = (status) => {
    const id = `filter-${status}`;
    const input = h('input', {
      type: 'radio',
      name: 'status',
      id,
      value: status,
      checked: status === 'all',
      onChange: () => onStatus(status),
    });
    return [input, h('label', { for: id }, status)];
  };
  const legend = h('legend', {}, 'Status');
  return h(
    'fieldset',
    { class: 'segments' },
    legend,
    h('div', { class: 'segment-row' }, ['all', ...STATUSES].map(option)),
  );
}
