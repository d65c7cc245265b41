import type { Service, ServiceSchema } from 'moleculer';

export interface PeriodicJob<S extends Service> {
  readonly name: string;
  /** Pause between the end of one run and the start of the next. */
  readonly everyMs: number;
  readonly run: (service: S) => Promise<unknown>;
}

/** Runs a job again and again while the service runs: never twice at once; a failure is logged and the next run comes. */
export function periodicMixin<S extends Service>(job: PeriodicJob<S>): Partial<ServiceSchema> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const schedule = (service: S) => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = job
        .run(service)
        .then(
          () => undefined,
          (error: unknown) => service.logger.warn(`${job.name} failed, it will run again`, error),
        )
        .then(() => schedule(service));
    }, job.everyMs);
  };

  return {
    async started(this: Service) {
      stopped = false;
      schedule(this as S);
    },
    async stopped(this: Service) {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
