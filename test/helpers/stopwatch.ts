import type { RocketChatNode } from './rocket-chat-node';

interface Steps {
  step(core: RocketChatNode): Promise<string | undefined>;
}

/** How long calls take that go through `timed`. */
export class Stopwatch {
  private tookMs: number[] = [];

  timed(lane: Steps): Steps {
    return {
      step: async (core) => {
        const startedAt = performance.now();
        try {
          return await lane.step(core);
        } finally {
          this.tookMs.push(performance.now() - startedAt);
        }
      },
    };
  }

  /** What 99 of 100 calls since the last time stayed below, milliseconds, and how many calls that were. */
  lap(): { readonly p99Ms: number; readonly calls: number } {
    const sorted = this.tookMs.sort((a, b) => a - b);
    this.tookMs = [];
    return { p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0), calls: sorted.length };
  }
}
