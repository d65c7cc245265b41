import { h, statusMark } from '../dom.js';
import { ago, personName } from '../format.js';

/** What a row shows; `key` is the same as long as it would look the same. */
export function rowOf(person) {
  const { uid, username, status, statusText, since } = person;
  const age = since ? ago(since) : '';
  return {
    key: [personName(person), username, status, statusText, age].join('\n'),
    children: () => [
      statusMark(status),
      h(
        'span',
        { class: 'who' },
        h('span', { class: 'name' }, personName(person)),
        h('span', { class: 'handle' }, username ? `@${username}` : uid),
      ),
      h('span', { class: 'said' }, h('span', { class: 'status-word' }, status), statusText && `“${statusText}”`),
      h('span', { class: 'age' }, age),
    ],
  };
}
