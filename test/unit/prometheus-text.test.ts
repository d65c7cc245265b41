import { prometheusText, type Metric } from '../../lib/prometheus-text';

const metric = (fields: Partial<Metric>, ...samples: readonly object[]): Metric => ({
  name: 'presence.x',
  type: 'counter',
  labelNames: [],
  snapshot: () => samples as never,
  ...fields,
});
const linesOf = (...metrics: Metric[]) => prometheusText(metrics).split('\n').filter(Boolean);

describe('the text that Prometheus reads', () => {
  test('has no label but those of the metric, and the unit in its help', () => {
    const queue = metric(
      { name: 'presence.queue', type: 'gauge', unit: 'commands', description: 'Commands waiting' },
      { labels: {}, value: 7 },
    );
    expect(linesOf(queue)).toEqual([
      '# HELP presence_queue Commands waiting (commands)',
      '# TYPE presence_queue gauge',
      'presence_queue 7',
    ]);
  });

  test('has counters and histograms from the start, with 0, and no gauge that was never measured', () => {
    expect(linesOf(metric({}))).toContain('presence_x 0');
    expect(linesOf(metric({ type: 'histogram', buckets: [1, 2] })).slice(2)).toEqual([
      'presence_x_bucket{le="1"} 0',
      'presence_x_bucket{le="2"} 0',
      'presence_x_bucket{le="+Inf"} 0',
      'presence_x_sum 0',
      'presence_x_count 0',
    ]);
    expect(linesOf(metric({ type: 'gauge' }))).toEqual([]);
  });

  test('has the sum and the count of a histogram once, whatever else is worked out', () => {
    const both = {
      labels: { action: 'a' },
      count: 2,
      sum: 30,
      buckets: { 10: 1 },
      quantiles: { 0.5: 15 },
      min: 10,
      rate: 1,
    };
    expect(
      linesOf(metric({ type: 'histogram', labelNames: ['action'] }, both)).filter((one) => !one.startsWith('#')),
    ).toEqual([
      'presence_x_bucket{action="a",le="10"} 1',
      'presence_x_bucket{action="a",le="+Inf"} 2',
      'presence_x{action="a",quantile="0.5"} 15',
      'presence_x_sum{action="a"} 30',
      'presence_x_count{action="a"} 2',
      'presence_x_rate{action="a"} 1',
      'presence_x_min{action="a"} 10',
    ]);
  });

  test('cannot be forged by a label’s value, which comes from the bus', () => {
    const [, , line, ...more] = linesOf(
      metric(
        { type: 'gauge', labelNames: ['instance_id'] },
        { labels: { instance_id: 'a"\\\npresence_x 9' }, value: 1 },
      ),
    );
    expect([line, more]).toEqual(['presence_x{instance_id="a\\"\\\\\\npresence_x 9"} 1', []]);
  });
});
