import { STATUS_CODES } from 'node:http';
import { ERROR_CODES, type ErrorCode } from '../wire/errors';
import type { Scope } from './access';
import { headers, problemContent, RATE_HEADERS } from './components';

/** OpenAPI takes names of roles here; ours are the scopes. */
export function securityOf(scope: Scope): object[] {
  return [{ bearer: [scope] }, { userId: [scope], authToken: [scope] }];
}

/** By status; the codes that may stand in each are told. */
export function problemResponses(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, known]) => [status, problemResponse(status, known)] as const);
  const rest = { description: 'A fault of this service: `INTERNAL`', content: problemContent(500, ['INTERNAL']) };
  return { ...Object.fromEntries(responses), 500: rest };
}

function problemResponse(status: number, codes: readonly ErrorCode[]): object {
  const described = {
    ...(status === 401 && headers('WWW-Authenticate')),
    ...(codes.some((code) => ERROR_CODES[code].retryable) && headers('Retry-After')),
    ...(status !== 401 && RATE_HEADERS),
  };
  return {
    description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    headers: described,
    content: problemContent(status, codes),
  };
}
