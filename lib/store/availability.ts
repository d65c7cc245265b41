/** Told when a store stops or starts working. @param fault in words for an operator, without URLs; absent: it works */
export type AvailabilityListener = (fault: string | undefined) => void;

/** What of a store can fail by itself: its connection, or one of its files. */
export interface Part {
  /** Tries whether it works now, and says so. Never rejects. */
  retry(): Promise<void>;
}

/** Whether a store works, as the last operation of each of its parts has found. Changes are told once each. */
export class Availability {
  private readonly faults = new Map<Part, string>();
  private listener: AvailabilityListener = () => undefined;

  /** What does not work; absent: all does. */
  get fault(): string | undefined {
    return this.faults.values().next().value;
  }

  /** @param listener in place of the one before */
  onChange(listener: AvailabilityListener): void {
    this.listener = listener;
  }

  failed(part: Part, fault: string): void {
    this.change(() => this.faults.set(part, fault));
  }

  works(part: Part): void {
    if (this.faults.has(part)) this.change(() => this.faults.delete(part));
  }

  /** Tries all parts that failed: where nothing is written by itself, only this finds that it would work again. */
  async retry(): Promise<void> {
    for (const part of [...this.faults.keys()]) await part.retry();
  }

  private change(apply: () => void): void {
    const before = this.fault !== undefined;
    apply();
    if (before !== (this.fault !== undefined)) this.listener(this.fault);
  }
}
