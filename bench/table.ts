/** Prints a table: the first column to the left, figures to the right, each column as wide as it needs. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join('  ');
  console.log(`\n${title}`);
  for (const row of [head, ...rows]) console.log(line(row));
}

export const whole = (value: number): string => value.toFixed(0);
export const millis = (value: number): string => value.toFixed(2);
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
export const times = (factor: number): string => `${factor.toFixed(1)} x`;
