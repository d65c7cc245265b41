import { MetricReporters, type MetricRegistry } from 'moleculer';
import { prometheusText } from './prometheus-text';

/** What is for nobody who scrapes: a label for each second; who runs this, with what arguments, on which network. */
const NOT_SHOWN = /^(os\.(datetime|user|network)|process\.arguments)/;

/**
 * The metrics as Prometheus reads them, with a text of our own: Moleculer's has no `_sum` and `_count`, and labels that collide
 * with Prometheus's. It listens nowhere: lib/http/metrics-endpoint.ts does.
 */
export class PrometheusReporter extends MetricReporters.Base {
  private metrics: MetricRegistry | undefined;

  override init(registry: MetricRegistry): void {
    this.metrics = registry;
    super.init(registry);
  }

  /** Called for each scrape, on MS_METRICS_PORT and on PORT. */
  generatePrometheusResponse(): string {
    const all = [...(this.metrics?.store.values() ?? [])];
    return prometheusText(all.filter(({ name }) => this.isShown(name)));
  }

  private isShown(name: string): boolean {
    return this.matchMetricName(name) && !NOT_SHOWN.test(name);
  }
}
