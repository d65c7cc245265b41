/** The statuses in the order they are shown in. */
export const STATUSES = ['online', 'away', 'busy', 'offline'];

/** Everybody who is known here, and what is counted of them. Tells by the events `people` (at most once a frame) and `person`. */
export class Store extends EventTarget {
  /** uid → view, as GET /users/:uid answers it. */
  people = new Map();
  /** Whether `people` is what the feed tells; else the server's own count is shown. */
  #live = false;
  #counted;
  /** Those who are offline are counted by the server: most of them never come to the browser. */
  #offline = 0;
  #present = { online: 0, away: 0, busy: 0 };
  #seenInSnapshot;
  #told = false;

  /** People by status; undefined where nothing is known yet. */
  get counts() {
    return this.#live ? { ...this.#present, offline: this.#offline } : this.#counted;
  }

  /** The server counted. @param statuses {online, away, busy, offline} */
  counted(statuses) {
    this.#counted = statuses;
    this.#offline = statuses.offline;
    this.#tellPeople();
  }

  /** Whether the feed tells every change from now on. */
  set live(live) {
    this.#live = live;
    this.#tellPeople();
  }

  /** Other numbers of changes: what is heard next is taken whatever its number. */
  forgetRevisions() {
    for (const [uid, person] of this.people) this.people.set(uid, { ...person, rev: -1 });
  }

  /** A page of everybody who is not offline; who is missing at the end of it is offline. */
  snapshot({ users, more, first }) {
    if (first) this.#seenInSnapshot = new Set();
    for (const user of users) {
      this.#seenInSnapshot.add(user.uid);
      this.#put(user);
    }
    if (!more) this.#endSnapshot();
    this.#tellPeople();
  }

  changes({ users }) {
    for (const user of users) {
      this.#seenInSnapshot?.add(user.uid);
      this.#put(user);
    }
    this.#tellPeople();
  }

  /** People that were read, e.g. those offline. What the feed has told meanwhile is newer. */
  read(users) {
    for (const user of users) this.#put(user, { counts: this.people.has(user.uid) });
    this.#tellPeople();
  }

  /** Calls back at most once a frame after anything changed. @returns how to end that */
  onPeople(callback) {
    this.addEventListener('people', callback);
    return () => this.removeEventListener('people', callback);
  }

  /** Calls back with each change of one person. @returns how to end that */
  onPerson(uid, callback) {
    const heard = ({ detail }) => detail.uid === uid && callback(detail);
    this.addEventListener('person', heard);
    return () => this.removeEventListener('person', heard);
  }

  #endSnapshot() {
    for (const [uid, person] of this.people) {
      if (person.status !== 'offline' && !this.#seenInSnapshot.has(uid)) {
        this.#put({ ...person, status: 'offline', statusConnection: 'offline' });
      }
    }
    this.#seenInSnapshot = undefined;
  }

  #put(user, { counts = true } = {}) {
    if (user.status === 'unknown') return;
    const before = this.people.get(user.uid);
    if (before && user.rev < before.rev) return;
    this.people.set(user.uid, user);
    if (before?.status in this.#present) this.#present[before.status] -= 1;
    if (user.status in this.#present) this.#present[user.status] += 1;
    if (counts) this.#countOffline(before, user);
    this.dispatchEvent(new CustomEvent('person', { detail: user }));
  }

  /** Somebody heard of for the first time was offline, or never seen: until the server counts again that is not known. */
  #countOffline(before, { status }) {
    if (before && before.status !== 'offline' && status === 'offline') this.#offline += 1;
    if (before?.status === 'offline' && status !== 'offline') this.#offline = Math.max(0, this.#offline - 1);
  }

  #tellPeople() {
    if (this.#told) return;
    this.#told = true;
    requestAnimationFrame(() => {
      this.#told = false;
      this.dispatchEvent(new Event('people'));
    });
  }
}
