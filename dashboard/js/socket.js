const URL_OF_SOCKET = new URL('api/v1/ws', document.baseURI.replace(/^http/, 'ws'));
const PING_EVERY_MS = 20_000;
/** A connection on which nothing is heard for this long is dead. */
const SILENT_AFTER_MS = 45_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Errors after which the same token is not tried again. */
const REFUSALS = ['UNAUTHENTICATED', 'FORBIDDEN'];

/**
 * The live feed of everybody's presence, connected again by itself, and then resumed from the last change that was seen.
 *
 * Tells by events: `state` {state: 'connecting' | 'live' | 'waiting' | 'closed', retryAtMs?}, `epoch` (the numbers of changes begin anew),
 * `snapshot` {users, more, first}, `changes` {users}, `refused`.
 */
export class Feed extends EventTarget {
  #token;
  #socket;
  #since;
  #epoch;
  #inSnapshot = false;
  #tries = 0;
  #timer;
  #pinging;
  #heardAtMs = 0;
  state = 'closed';

  constructor(token) {
    super();
    this.#token = token;
    this.onOnline = () => this.state === 'waiting' && this.#connect();
  }

  start() {
    addEventListener('online', this.onOnline);
    this.#pinging = setInterval(() => this.#beat(), PING_EVERY_MS);
    this.#connect();
  }

  stop() {
    removeEventListener('online', this.onOnline);
    clearInterval(this.#pinging);
    clearTimeout(this.#timer);
    this.#become('closed');
    this.#drop();
  }

  /** At once, instead of when the wait is over. */
  retryNow() {
    if (this.state === 'waiting') this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#become('connecting');
    const socket = new WebSocket(URL_OF_SOCKET);
    this.#socket = socket;
    this.#heardAtMs = Date.now();
    const ifCurrent = (work) => (event) => this.#socket === socket && work(event);
    socket.addEventListener(
      'open',
      ifCurrent(() => this.#send({ op: 'auth', token: this.#token })),
    );
    socket.addEventListener(
      'message',
      ifCurrent(({ data }) => this.#hear(JSON.parse(data))),
    );
    socket.addEventListener(
      'close',
      ifCurrent(() => this.#wait()),
    );
  }

  #hear(frame) {
    this.#heardAtMs = Date.now();
    switch (frame.op) {
      case 'hello':
        return this.#greet(frame);
      case 'snapshot':
        return this.#snapshot(frame);
      case 'resumed':
        this.#seen(frame);
        return this.#become('live');
      case 'changes':
        this.#seen(frame);
        return this.#tell('changes', { users: frame.users });
      case 'error':
        if (REFUSALS.includes(frame.code)) this.#refuse();
    }
  }

  #greet({ epoch }) {
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#tell('epoch');
    this.#epoch = epoch;
    this.#inSnapshot = false;
    this.#send({ op: 'subscribe', uids: 'all', ...(this.#since ? { since: this.#since } : {}) });
  }

  #snapshot(frame) {
    // Marked by the server: a snapshot that could not be finished begins anew in the middle of itself.
    const first = frame.first ?? !this.#inSnapshot;
    this.#inSnapshot = frame.more;
    this.#tell('snapshot', { users: frame.users, more: frame.more, first });
    if (frame.more) return;
    this.#seen(frame);
    this.#become('live');
  }

  /** What is resumed from. Not from the middle of a snapshot: the rest of it would be missed. */
  #seen({ seq }) {
    if (seq !== undefined && !this.#inSnapshot) this.#since = seq;
  }

  #refuse() {
    this.stop();
    this.#tell('refused');
  }

  /** Longer each time, and not all browsers at once. */
  #wait() {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    const ms = longest / 2 + (Math.random() * longest) / 2;
    this.#tries += 1;
    this.#socket = undefined;
    this.#timer = setTimeout(() => this.#connect(), ms);
    this.#become('waiting', Date.now() + ms);
  }

  #beat() {
    if (!this.#socket) return;
    if (Date.now() - this.#heardAtMs > SILENT_AFTER_MS) {
      this.#drop();
      this.#wait();
    } else this.#send({ op: 'ping' });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #become(state, retryAtMs) {
    if (state === 'live') this.#tries = 0;
    this.state = state;
    this.#tell('state', { state, retryAtMs });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
