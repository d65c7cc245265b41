import type { Service, ServiceSchema } from 'moleculer';
import { RepeatedFailure } from '../lib/repeated-failure';

export interface PeriodicJob<S extends Service> {
  readonly name: string;
  /** Pause between the end of one run and the start of the next. */
  readonly everyMs: number;
  /** Pause before the first run; absent: as before any other. */
  readonly firstAfterMs?: number;
  readonly run: (service: S) => Promise<unknown>;
}

/** Runs a job again and again while the service runs: never twice at once; a failure is logged, the same one once a minute, and the next run comes. */
export function periodicMixin<S extends Service>(job: PeriodicJob<S>): Partial<ServiceSchema> {
  const repeated = new RepeatedFailure();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const schedule = (service: S, afterMs = job.everyMs) => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = job
        .run(service)
        .then(
          () => repeated.ended(),
          (error: unknown) => {
            const level = repeated.isNews(error, performance.now()) ? 'warn' : 'debug';
            service.logger[level](`${job.name} failed, it will run again`, error);
          },
        )
        .then(() => schedule(service));
    }, afterMs);
  };

  return {
    async started(this: Service) {
      stopped = false;
      schedule(this as S, job.firstAfterMs);
    },
    async stopped(this: Service) {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
