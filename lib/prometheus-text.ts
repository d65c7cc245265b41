import type { BaseMetric } from 'moleculer';

type Labels = Readonly<Record<string, unknown>>;

/** A metric's value for one combination of labels; which members there are depends on its type. */
interface Sample {
  readonly labels: Labels;
  readonly value?: unknown;
  readonly count?: number;
  readonly sum?: number;
  readonly buckets?: Readonly<Record<string, number>>;
  readonly quantiles?: Readonly<Record<string, unknown>>;
  readonly [derived: string]: unknown;
}

export type Metric = Pick<BaseMetric, 'name' | 'type' | 'description' | 'unit' | 'labelNames' | 'snapshot'> & {
  readonly buckets?: readonly number[];
};

/** What Moleculer derives from some of its own metrics; each becomes a gauge. */
const DERIVED = ['rate', 'min', 'mean', 'variance', 'stdDev', 'max'];

/**
 * Metrics in Prometheus's text format. A sample has the labels of its metric and no others: `instance`, `namespace` and the
 * like are Prometheus's own. Counters and histograms without labels are there before anything was counted.
 */
export function prometheusText(metrics: Iterable<Metric>): string {
  return [...metrics].flatMap(familiesOf).join('\n');
}

function familiesOf(metric: Metric): string[] {
  const name = metric.name.replace(/[.-]/g, '_');
  const samples = samplesOf(metric);
  const help = metric.description ?? metric.name;
  const main = family(
    name,
    metric.type === 'info' ? 'gauge' : metric.type,
    metric.unit ? `${help} (${metric.unit})` : help,
    samples.flatMap((sample) => linesOf(metric.type, name, sample)),
  );
  const derived = DERIVED.map((key) => {
    const own = `${name}_${key.toLowerCase()}`;
    const lines = samples.filter((one) => one[key] !== undefined).map((one) => line(own, one.labels, one[key]));
    return family(own, 'gauge', `${help}: ${key}`, lines);
  });
  return [main, ...derived].filter((text) => text !== '');
}

function family(name: string, type: string, help: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

/** What is counted is 0 before the first time; what is measured is unknown before that. */
function samplesOf(metric: Metric): readonly Sample[] {
  const samples = metric.snapshot() as unknown as readonly Sample[]; // Moleculer's types leave out rates
  if (samples.length > 0 || metric.labelNames.length > 0) return samples;
  if (metric.type === 'counter') return [{ labels: {}, value: 0 }];
  if (metric.type !== 'histogram' || !metric.buckets) return [];
  return [{ labels: {}, count: 0, sum: 0, buckets: Object.fromEntries(metric.buckets.map((bound) => [bound, 0])) }];
}

function linesOf(type: string, name: string, sample: Sample): string[] {
  const { labels, value, buckets, quantiles = {}, count, sum } = sample;
  if (type === 'info') return [line(name, { ...labels, value }, 1)];
  if (type !== 'histogram') return [line(name, labels, value)];
  return [
    ...Object.entries(buckets ?? {}).map(([le, times]) => line(`${name}_bucket`, { ...labels, le }, times)),
    ...(buckets ? [line(`${name}_bucket`, { ...labels, le: '+Inf' }, count)] : []),
    ...Object.entries(quantiles).map(([quantile, one]) => line(name, { ...labels, quantile }, one)),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels, value: unknown): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(String(text))}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${typeof value === 'number' ? value : 'NaN'}`;
}

/** Names of instances come from the bus: a line break in one must not end the line. */
function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
