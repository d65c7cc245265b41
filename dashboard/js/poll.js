/**
 * Does a job now and then at intervals, never twice at once, and not while nobody looks at the page; then at once when somebody does again.
 *
 * @returns {{stop: () => void, now: () => void}}
 */
export function every(ms, job) {
  let timer;
  let running = false;
  let stopped = false;
  const turn = async () => {
    clearTimeout(timer);
    if (running || stopped) return;
    if (document.hidden) return;
    running = true;
    try {
      await job();
    } finally {
      running = false;
      if (!stopped) timer = setTimeout(turn, ms);
    }
  };
  const seenAgain = () => !document.hidden && turn();
  document.addEventListener('visibilitychange', seenAgain);
  turn();
  return {
    now: turn,
    stop() {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seenAgain);
    },
  };
}

/** The last of several calls within a time, once. @returns the function; `cancel` forgets what waits */
export function debounced(ms, job) {
  let timer;
  const call = () => {
    clearTimeout(timer);
    timer = setTimeout(job, ms);
  };
  call.cancel = () => clearTimeout(timer);
  return call;
}

/** At once, then at most once in a time. */
export function rarely(ms, job) {
  let timer;
  let again = false;
  const turn = () => {
    if (timer) {
      again = true;
      return;
    }
    job();
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      turn();
    }, ms);
  };
  return turn;
}
