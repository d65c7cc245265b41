import { Loggers, type LoggerInstance } from 'moleculer';
import { format } from 'node:util';

export interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** A logger for a broker's options, and the warnings and errors it has been told. */
export function logLines(): { readonly logger: Loggers.Base; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  class Lines extends Loggers.Base {
    override getLogHandler() {
      return (level: keyof LoggerInstance, args: unknown[]) => {
        if (['warn', 'error', 'fatal'].includes(level)) lines.push({ level, text: format(...args) });
      };
    }
  }
  return { logger: new Lines({ level: 'warn' }), lines };
}
