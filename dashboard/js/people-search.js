import { personName } from './format.js';

/** person → how it is sorted and searched; a person that changes is another object. */
const keys = new WeakMap();

function keyOf(person) {
  let key = keys.get(person);
  if (!key) {
    const name = personName(person).toLowerCase();
    key = { name, text: `${name}\n${person.username ?? ''}\n${person.uid}`.toLowerCase() };
    keys.set(person, key);
  }
  return key;
}

/**
 * Those whose name, username or id has all the words in it: first those it is, then those it begins a word of, each by name.
 *
 * @param {Iterable<object>} people views
 * @param {{words: string, status: string}} asked status: one of the four, or 'all'
 */
export function searched(people, { words, status }) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const person of people) {
    if (status !== 'all' && person.status !== status) continue;
    const { text } = keyOf(person);
    if (wanted.every((word) => text.includes(word))) found.push(person);
  }
  return wanted.length === 0 ? found.sort(byName) : inOrderOfFit(found, wanted);
}

function inOrderOfFit(found, wanted) {
  const phrase = wanted.join(' ');
  const fits = new Map(found.map((person) => [person, fitOf(keyOf(person).text, phrase, wanted)]));
  return found.sort((a, b) => fits.get(a) - fits.get(b) || byName(a, b));
}

/** 0: it is one of the three; 1: each word begins a word of them; 2: it is in them. */
function fitOf(text, phrase, wanted) {
  if (text.split('\n').includes(phrase)) return 0;
  const parts = text.split(/[\s._@-]+/);
  return wanted.every((word) => parts.some((part) => part.startsWith(word))) ? 1 : 2;
}

function byName(a, b) {
  const [nameA, nameB] = [keyOf(a).name, keyOf(b).name];
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return a.uid < b.uid ? -1 : 1;
}
