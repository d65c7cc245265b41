const PAGE = 1_000;
/** Read without being asked for; more on request, so that a browser never has to hold a million people unasked. */
const AT_ONCE = 10_000;

/** People who are offline: the feed tells of them only when they go, so they are read. */
export class OfflinePeople extends EventTarget {
  #api;
  #store;
  #pages;
  #stopping = new AbortController();
  loading = false;
  hasMore = false;

  constructor(api, store) {
    super();
    this.#api = api;
    this.#store = store;
  }

  /** The next ten thousand. What could not be read can be asked for again. */
  async load() {
    if (this.loading) return;
    this.#become(true, this.hasMore);
    const { signal } = this.#stopping;
    this.#pages ??= this.#api.pages('users', { status: 'offline', limit: PAGE }, { signal });
    try {
      this.#become(false, await this.#read());
    } catch {
      this.#pages = undefined;
      if (!signal.aborted) this.#become(false, true);
    }
  }

  onChange(callback) {
    this.addEventListener('change', callback);
    return () => this.removeEventListener('change', callback);
  }

  stop() {
    this.#stopping.abort();
  }

  /** @returns whether there are more */
  async #read() {
    for (let read = 0; read < AT_ONCE;) {
      const { value, done } = await this.#pages.next();
      if (done) return false;
      this.#store.read(value.users);
      read += value.users.length;
    }
    return true;
  }

  #become(loading, hasMore) {
    Object.assign(this, { loading, hasMore });
    this.dispatchEvent(new Event('change'));
  }
}
