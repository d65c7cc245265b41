import { argumentsOf } from '../wire/ids';
const SECOND = 1000;
const UNITS = [
  [86_400 * SECOND, 'd'],
  [3_600 * SECOND, 'h'],
  [60 * SECOND, 'min'],
] as const;

/** A length of time for people, in its largest unit that is met twice: `90 s`, `3 min`, `5 h`. @param ms milliseconds */
export function span(ms: number): string {
  const [size, unit] = UNITS.find(([length]) => ms >= 2 * length) ?? [SECOND, 's'];
  return `${Math.round(ms / size)} ${unit}`;
}

/** What users wrote must not steer a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '·');
}

/** To the operator at the prompt. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Why a command could not be carried out, in one line; what is no error of a call is a fault of ours and goes on, with its stack. */
export function sayRefused(thrown: unknown): void {
  const { type, message } = thrown as { readonly type?: unknown; readonly message?: unknown };
  if (typeof type !== 'string') throw thrown;
  say(printable(`${type}: ${String(message)}`));
}

/** Shows what an event of the bus tells, where its first argument has these numbers. Every node of the bus may send one. */
export function withNumbers<T extends object>(
  payload: unknown,
  names: readonly (keyof T & string)[],
  show: (told: T) => void,
): void {
  const [told] = argumentsOf(payload);
  if (typeof told !== 'object' || told === null) return;
  const fields = told as Readonly<Record<string, unknown>>;
  if (names.every((name) => typeof fields[name] === 'number')) show(told as T);
}
