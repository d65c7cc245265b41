/**
 * Keys for the whole page. A letter or sign that is typed into a field stays there; Escape works everywhere.
 *
 * @param {Record<string, () => void>} keys
 */
export function onKeys(keys) {
  const pressed = (event) => {
    const work = keys[event.key];
    if (!work || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== 'Escape' && isTyping(event.target)) return;
    if (event.key !== 'Escape') event.preventDefault();
    work();
  };
  document.addEventListener('keydown', pressed);
  return { stop: () => document.removeEventListener('keydown', pressed) };
}

function isTyping(target) {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
