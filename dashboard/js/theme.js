const KEY = 'presence.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** What is shown now: 'light' or 'dark'. */
export function theme() {
  return document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
}

/** Switches to the other theme, which is kept for the next visit, and tells those who draw with colours. */
export function switchTheme() {
  const next = theme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  localStorage.setItem(KEY, next);
  tell();
}

/** Calls back whenever the theme changes. @returns how to end that */
export function onTheme(callback) {
  document.addEventListener('themechange', callback);
  return () => document.removeEventListener('themechange', callback);
}

/** A colour of the style sheet, e.g. `--online`, as the theme has it: for what is not drawn by style sheets. */
export function colour(name) {
  const probe = document.body.appendChild(document.createElement('span'));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function tell() {
  document.dispatchEvent(new Event('themechange'));
}

dark.addEventListener('change', tell);
