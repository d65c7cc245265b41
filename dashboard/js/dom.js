/**
 * An element. Text is set as text, never as HTML: names and status texts are what users typed.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} props attributes; `on…` functions are listeners; `data` is a dataset; false, null and undefined are left out
 * @param {...(Node | string | number | null | undefined | false | Array)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

function set(element, name, value) {
  if (value === false || value == null) return;
  if (typeof value === 'function') element.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === 'data') Object.assign(element.dataset, value);
  else element.setAttribute(name, value === true ? '' : String(value));
}

function nodes(children) {
  return children.flat(3).filter((child) => child !== false && child != null);
}

/** Puts other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/** Sets a text only where it differs: a live region is not read again for nothing. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = String(text);
}

/** A button that is no submit button. */
export function button(label, onClick, props = {}) {
  return h('button', { type: 'button', onClick, ...props }, label);
}

/** A part of the page with its heading, which names it. @returns the section; `body` is where its content goes */
export function panel(id, title, { actions = [], note } = {}) {
  const body = h('div', { class: 'panel-body' });
  const heading = h('h2', { id: `${id}-title`, tabindex: -1 }, title);
  const head = h('div', { class: 'panel-head' }, heading, note && h('p', { class: 'note' }, note), actions);
  const section = h('section', { id, class: 'panel', 'aria-labelledby': `${id}-title` }, head, body);
  return { section, body, heading };
}

/** A status in words, with a mark that differs in shape and not in colour alone. */
export function statusMark(status) {
  return h('span', { class: 'mark', data: { status }, 'aria-hidden': 'true' });
}

/** The status with its mark. */
export function statusBadge(status) {
  return h('span', { class: 'badge', data: { status } }, statusMark(status), status);
}
