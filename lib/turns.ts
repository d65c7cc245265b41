/**
 * One thing after the other: what is read in a turn stays true until it is written in it. A turn that fails keeps nobody
 * from the next. A turn must not wait for another one of the same: it would wait for ever.
 */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  /** @param whose turns of different ones do not wait for each other */
  take<T>(work: () => Promise<T>, whose = ''): Promise<T> {
    const done = (this.last.get(whose) ?? Promise.resolve()).then(work);
    const forget = () => {
      if (this.last.get(whose) === over) this.last.delete(whose);
    };
    const over = done.then(forget, forget);
    this.last.set(whose, over);
    return done;
  }

  /** Those who have turns now. */
  get size(): number {
    return this.last.size;
  }
}
