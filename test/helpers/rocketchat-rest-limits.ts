export interface Window {
  readonly calls: number;
  readonly perMs: number;
}

interface Counted {
  calls: number;
  readonly endsMs: number;
}

/** Fixed windows, one for each address, as Rocket.Chat's limiter counts. */
export class Windows {
  private readonly counted = new Map<string, Counted>();

  constructor(
    private readonly limits: Readonly<Record<string, Window>>,
    private readonly byDefault: Window,
  ) {}

  count(address: string) {
    const { calls, perMs } = this.limits[address] ?? this.byDefault;
    const nowMs = Date.now();
    let window = this.counted.get(address);
    if (!window || window.endsMs <= nowMs) this.counted.set(address, (window = { calls: 0, endsMs: nowMs + perMs }));
    window.calls += 1;
    const remaining = Math.max(0, calls - window.calls);
    return { isOver: window.calls > calls, limit: calls, remaining, resetAtMs: window.endsMs };
  }
}
