import { setImmediate } from 'node:timers/promises';

/** Much shorter than what anybody notices (20 ms), for a step between two looks at the clock has its time too. */
const WORKS_FOR_MS = 4;

/** Lets others have their turn. Resolves at once while the work has not lasted long. */
export type Breathe = () => Promise<void> | void;

/** For one long piece of work, which calls it between its steps. */
export function breather(worksForMs = WORKS_FOR_MS): Breathe {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < worksForMs) return;
    return setImmediate().then(() => {
      sinceMs = performance.now();
    });
  };
}
