import { MetricReporters, type MetricRegistry } from 'moleculer';
import { prometheusText } from './prometheus-text';

/** Moleculer's endpoint for Prometheus, with a text of our own: Moleculer's has no `_sum` and `_count`, and labels that collide with Prometheus's. */
export class PrometheusReporter extends MetricReporters.Prometheus {
  private metrics: MetricRegistry | undefined;

  override init(registry: MetricRegistry): void {
    this.metrics = registry;
    super.init(registry);
  }

  /** Called by Moleculer for each scrape, and for `/metrics` on PORT. */
  generatePrometheusResponse(): string {
    const all = [...(this.metrics?.store.values() ?? [])];
    return prometheusText(all.filter(({ name }) => this.isShown(name)));
  }

  /** Moleculer's metrics of the date and time have a label for each second. */
  private isShown(name: string): boolean {
    return this.matchMetricName(name) && !name.startsWith('os.datetime');
  }
}
