import { button, setText } from '../dom.js';
import { onTheme, switchTheme, theme } from '../theme.js';

let element;

/** The one button that switches between dark and light. It says what it will do. */
export function themeSwitch() {
  const label = () => (theme() === 'dark' ? 'Light theme' : 'Dark theme');
  if (!element) {
    element = button(label(), switchTheme, { class: 'quiet theme-switch' });
    onTheme(() => setText(element, label()));
  }
  return element;
}
