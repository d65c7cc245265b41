import { h } from './dom.js';

const ROW_PX = 52;
const SPARE_ROWS = 6;

/**
 * A list box of any length of which only the rows in sight are in the page. Arrows, Home, End and Page keys move, Enter opens.
 *
 * @param label what the list is, said aloud
 * @param key what makes an item the same one, e.g. its id
 * @param render the content of an item's row
 * @param onOpen called with the item that was chosen
 */
export class VirtualList {
  #items = [];
  #rows = new Map();
  #activeKey;
  #options;

  constructor({ id, label, ...options }) {
    this.#options = options;
    this.id = id;
    this.inner = h('div', { class: 'list-inner', role: 'presentation' });
    this.element = h(
      'div',
      {
        id,
        class: 'list',
        role: 'listbox',
        tabindex: 0,
        'aria-label': label,
        onScroll: () => this.#paint(),
        onKeydown: (event) => this.#pressed(event),
        onFocus: () => this.#activate(Math.max(0, this.#activeIndex())),
      },
      this.inner,
    );
    this.resized = new ResizeObserver(() => this.#paint());
    this.resized.observe(this.element);
  }

  /** Shows these; who is active stays so, wherever he is now. */
  show(items) {
    this.#items = items;
    this.inner.style.height = `${items.length * ROW_PX}px`;
    this.#paint();
  }

  focus() {
    this.element.focus();
  }

  openFirst() {
    if (this.#items.length > 0) this.#open(0);
  }

  stop() {
    this.resized.disconnect();
  }

  #activeIndex() {
    return this.#items.findIndex((item) => this.#options.key(item) === this.#activeKey);
  }

  #activate(index) {
    const item = this.#items[index];
    if (!item) return;
    this.#activeKey = this.#options.key(item);
    const { scrollTop, clientHeight } = this.element;
    const top = index * ROW_PX;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) this.element.scrollTop = top + ROW_PX - clientHeight;
    this.#paint();
  }

  #open(index) {
    this.#activate(index);
    if (this.#items[index]) this.#options.onOpen(this.#items[index]);
  }

  #pressed(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 1);
    const last = this.#items.length - 1;
    const now = this.#activeIndex();
    const moves = {
      ArrowDown: now + 1,
      ArrowUp: now - 1,
      PageDown: now + page,
      PageUp: now - page,
      Home: 0,
      End: last,
    };
    if (event.key in moves) this.#activate(Math.min(last, Math.max(0, moves[event.key])));
    else if (event.key === 'Enter' || event.key === ' ') this.#open(now);
    else return;
    event.preventDefault();
  }

  /** The rows in sight and a few around them; a row that is still right is left as it is. */
  #paint() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
    const end = Math.min(this.#items.length, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE_ROWS);
    const rows = new Map();
    for (let index = first; index < end; index++) {
      const key = this.#options.key(this.#items[index]);
      rows.set(key, this.#place(this.#rows.get(key), key, index));
    }
    for (const [key, { row }] of this.#rows) if (!rows.has(key)) row.remove();
    this.#rows = rows;
    this.#inOrder(rows);
    const active = rows.get(this.#activeKey)?.row;
    if (active) this.element.setAttribute('aria-activedescendant', active.id);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #place(known, key, index) {
    const item = this.#items[index];
    const { render, onOpen } = this.#options;
    const row = known?.row ?? h('div', { class: 'row', role: 'option', id: `${this.id}-${key}` });
    const text = render(item);
    if (known?.text !== text.key) row.replaceChildren(...text.children());
    row.onclick = () => {
      this.#activeKey = key;
      this.#paint();
      onOpen(item);
    };
    row.style.transform = `translateY(${index * ROW_PX}px)`;
    row.setAttribute('aria-posinset', index + 1);
    row.setAttribute('aria-setsize', this.#items.length);
    row.setAttribute('aria-selected', key === this.#activeKey);
    return { row, text: text.key };
  }

  /** In the order that is seen, which is the one that is read aloud. */
  #inOrder(rows) {
    let next = this.inner.firstChild;
    for (const { row } of rows.values()) {
      if (row === next) next = next.nextSibling;
      else this.inner.insertBefore(row, next);
    }
  }
}
