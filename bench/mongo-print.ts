import { median } from './load';
import type { Load, Side, Sides } from './mongo-rounds';
import { MONGO_STEPS, type MongoStep } from './mongo-steps';
import { millis, percent, printTable, times, whole } from './table';

type Rounds = readonly (readonly Sides[])[];

/** The processes a call passes, in its order. */
const PROCESSES = ['caller', 'nats', 'presence', 'baseline', 'mongod'];

const of = (sides: readonly Sides[], pick: (sides: Sides) => number) => median(sides.map(pick));
const ofEcho = ({ presence, echo }: Sides) => presence.perSecond / echo.perSecond;
const ofBaseline = ({ presence, baseline }: Sides) => presence.perSecond / baseline.perSecond;
const ofBulk = ({ presence, bulk }: Sides) => presence.perSecond / bulk!;
const ofOwnBulk = ({ presence, ownBulk }: Sides) => presence.perSecond / ownBulk!;
const p99OfBaseline = ({ presence, baseline }: Sides) => presence.p99 / baseline.p99;

/** The figures of one load. */
export function printLoad({ inFlight }: Load, rounds: Rounds): void {
  printTable(
    `MongoDB, Rocket.Chat's database, ${inFlight} in flight, median of ${rounds.length} rounds`,
    [
      'call',
      'per s',
      'p50 ms',
      'p99 ms',
      'baseline',
      'its p50',
      'its p99',
      'x baseline',
      'bulk',
      'of bulk',
      'own',
      'of own',
      'of echo',
      'failed',
    ],
    stepsOf(rounds).map(({ step, sides }) => [
      step.name,
      whole(of(sides, ({ presence }) => presence.perSecond)),
      millis(of(sides, ({ presence }) => presence.p50)),
      millis(of(sides, ({ presence }) => presence.p99)),
      whole(of(sides, ({ baseline }) => baseline.perSecond)),
      millis(of(sides, ({ baseline }) => baseline.p50)),
      millis(of(sides, ({ baseline }) => baseline.p99)),
      times(of(sides, ofBaseline)),
      step.bulk ? whole(of(sides, ({ bulk }) => bulk!)) : '',
      step.bulk ? percent(of(sides, ofBulk)) : '',
      step.bulk ? whole(of(sides, ({ ownBulk }) => ownBulk!)) : '',
      step.bulk ? percent(of(sides, ofOwnBulk)) : '',
      percent(of(sides, ofEcho)),
      String(sides.reduce((sum, { presence, baseline }) => sum + presence.failed + baseline.failed, 0)),
    ]),
  );
}

/** Where the time of a call goes; nothing where the system does not tell. */
export function printCpu({ inFlight }: Load, rounds: Rounds): void {
  const rows = stepsOf(rounds).flatMap(({ step, sides }) =>
    (['presence', 'baseline'] as const).map((side) => {
      const cpu = (name: string) => cpuOf(sides, side, name);
      return [`${step.name}: ${side}`, ...PROCESSES.map(cpu)];
    }),
  );
  if (rows.every((row) => row.slice(1).every((cell) => cell === ''))) return;
  printTable(`processor time per call in µs, ${inFlight} in flight`, ['call', ...PROCESSES], rows);
}

/** Targets of throughput, at the highest load. */
export function printTargets({ inFlight }: Load, rounds: Rounds): void {
  const rows = stepsOf(rounds).flatMap(({ step, sides }) => {
    const { timesBaseline, ofEcho: echo, ofBulk: bulk } = step.targets;
    return [
      timesBaseline && verdict(step.name, 'of the baseline', of(sides, ofBaseline), timesBaseline, times),
      echo && verdict(step.name, 'of echo', of(sides, ofEcho), echo, percent),
      bulk && verdict(step.name, 'of bulk', of(sides, ofBulk), bulk, percent),
    ].filter((row) => Array.isArray(row));
  });
  printTable(`targets, ${inFlight} in flight`, ['call', 'measure', 'is', 'at least', ''], rows);
}

/** The target of latency, at the load it is asked for. */
export function printLatencyTargets({ inFlight }: Load, rounds: Rounds): void {
  printTable(
    `targets, p99 at ${inFlight} in flight no worse than the baseline's`,
    ['call', 'of its p99', ''],
    stepsOf(rounds).map(({ step, sides }) => {
      const share = of(sides, p99OfBaseline);
      return [step.name, percent(share), share <= 1 ? 'met' : 'NOT MET'];
    }),
  );
}

function verdict(name: string, measure: string, is: number, least: number, show: (value: number) => string): string[] {
  return [name, measure, show(is), show(least), is >= least ? 'met' : 'NOT MET'];
}

function cpuOf(sides: readonly Sides[], side: 'presence' | 'baseline', process: string): string {
  const figures = sides.map((one): Side => one[side]).flatMap(({ cpuUs }) => cpuUs.get(process) ?? []);
  const isPartOf = process !== 'presence' && process !== 'baseline' ? true : process === side;
  return figures.length === 0 || !isPartOf ? '' : whole(median(figures));
}

function stepsOf(rounds: Rounds): { step: MongoStep; sides: readonly Sides[] }[] {
  return MONGO_STEPS.map((step, at) => ({ step, sides: rounds.map((round) => round[at]!) }));
}
