import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { TOKENS, type ApiNode } from './api-node';
import type { Answer, Ask } from './http-client';

interface Operation {
  readonly operationId: string;
  readonly security: readonly { readonly bearer?: readonly (keyof typeof TOKENS)[] }[];
  readonly requestBody?: object;
  readonly responses: Record<string, { content?: Record<string, { schema: { properties?: Codes } }> }>;
}

interface Codes {
  readonly code?: { readonly enum: readonly string[] };
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** One operation of the document. */
export interface Known {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
  /** The least that lets a caller in; absent: nothing is needed. */
  readonly scope: keyof typeof TOKENS | undefined;
  readonly hasBody: boolean;
  /** Statuses that are no problems, and codes of problems. */
  readonly answers: readonly string[];
}

export interface Call extends Partial<Ask> {
  readonly in?: Readonly<Record<string, string>>;
  readonly query?: string;
}

const PROBLEM = 'application/problem+json';

/** Calls the operations of an OpenAPI document, holds each answer against it, and keeps book of what was seen. */
export class ContractBook {
  readonly operations: readonly Known[];
  private readonly seen = new Set<string>();
  private readonly ajv = addFormats(new Ajv2020({ strict: false, validateSchema: false, allErrors: true }));

  constructor(private readonly document: Document) {
    this.ajv.addSchema(document, 'document');
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => knownOf(path, method, operation)),
    );
  }

  static async of(node: ApiNode): Promise<ContractBook> {
    const answer = await node.ask({ path: '/openapi.json' });
    return new ContractBook(answer.json());
  }

  find(id: string): Known {
    const known = this.operations.find((one) => one.id === id);
    if (!known) throw new Error(`the document has no operation ${id}`);
    return known;
  }

  /**
   * Calls an operation, by default with the least token that will do.
   *
   * @throws Error where the answer is not as the document says
   */
  async call(node: ApiNode, id: string, { in: parameters = {}, query = '', ...call }: Call = {}): Promise<Answer> {
    const known = this.find(id);
    const path = known.path.replace(/{(\w+)}/g, (_, name: string) => parameters[name] ?? 'ann');
    const token = 'token' in call ? call.token : known.scope && TOKENS[known.scope];
    const answer = await node.ask({ method: known.method, path: path + query, ...call, token });
    this.hold(known, answer);
    return answer;
  }

  /** The same, where a problem is expected. */
  async refuses(node: ApiNode, id: string, code: string, call?: Call): Promise<Answer> {
    const answer = await this.call(node, id, call);
    expect([id, answer.text]).toEqual([id, expect.stringContaining(`"code":"${code}"`)]);
    return answer;
  }

  /** Whatever the document has and nobody has seen. @param once codes that are seen enough at any one operation */
  missing(once: readonly string[]): string[] {
    const all = this.operations.flatMap(({ id, answers }) => answers.map((answer) => [id, answer] as const));
    const unseen = all.filter(([id, answer]) => !once.includes(answer) && !this.seen.has(`${id} ${answer}`));
    const nowhere = once.filter(
      (code) => !all.some(([id, answer]) => answer === code && this.seen.has(`${id} ${code}`)),
    );
    return [...unseen.map((one) => one.join(' ')), ...nowhere];
  }

  private hold({ id, path, method }: Known, { status, headers, text, json }: Answer): void {
    const type = headers['content-type']?.split(';', 1)[0] ?? '';
    const content = this.document.paths[path]![method.toLowerCase()]!.responses[status]?.content;
    if (status === 304) return this.note(id, '304', text === '' ? [] : ['has a body']);
    if (!content?.[type]) return this.note(id, String(status), [`${status} ${type} is not documented: ${text}`]);
    const at = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
    const pointer = at.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const check = this.ajv.compile({ $ref: `document#/${pointer}` });
    const body = type.endsWith('json') ? json() : text;
    check(body);
    const faults = (check.errors ?? []).map(({ instancePath, message, params }) =>
      [instancePath, message, JSON.stringify(params), text.slice(0, 500)].join(' '),
    );
    this.note(id, type === PROBLEM ? (body as { code: string }).code : String(status), faults);
  }

  private note(id: string, what: string, faults: readonly string[]): void {
    expect([id, faults]).toEqual([id, []]);
    this.seen.add(`${id} ${what}`);
  }
}

function knownOf(path: string, method: string, operation: Operation): Known {
  const { operationId: id, security, requestBody, responses } = operation;
  const answers = Object.entries(responses).flatMap(([status, { content = {} }]) => {
    return content[PROBLEM]?.schema.properties?.code?.enum ?? [status];
  });
  const scope = security[0]?.bearer?.[0];
  return { id, method: method.toUpperCase(), path, scope, hasBody: requestBody !== undefined, answers };
}
