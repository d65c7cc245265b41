import type { ServiceBroker } from 'moleculer';
import { PresenceError } from '../wire/errors';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Reporter {
  generatePrometheusResponse?(): string;
}

/** The broker's metrics as Prometheus reads them. @throws PresenceError METRICS_OFF where nothing is counted */
export function metricsText({ metrics }: ServiceBroker): string {
  // Moleculer's types do not know its reporters.
  const { reporter = [] } = metrics as unknown as { reporter?: readonly Reporter[] };
  const prometheus = reporter.find((one) => one.generatePrometheusResponse !== undefined);
  if (!metrics.isEnabled() || !prometheus)
    throw new PresenceError('METRICS_OFF', 'nothing is counted: MS_METRICS is not true');
  return `${prometheus.generatePrometheusResponse!()}\n`;
}
