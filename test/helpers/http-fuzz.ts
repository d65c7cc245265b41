import type { Route, Schema } from '../../lib/http/route';
import { ROUTES } from '../../lib/http/routes';
import { TOKENS } from './api-node';
import { HEADERS, METHODS, NAMES, OUTSIDE, RAW, TYPES, WORDS } from './http-fuzz-words';

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Shape {
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
}

const TIMES = ['2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z', '2026-11-01T12:00:00.000+01:00'];

export interface FuzzedRequest {
  readonly bytes: Buffer;
  /** One request and the whole of it; else whatever these bytes are. */
  readonly isWhole: boolean;
  readonly isHead: boolean;
}

/** Random requests to the API: most of them nearly right, some of them hardly requests. The same ones for the same seed. */
export class HttpFuzz {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  next(): FuzzedRequest {
    if (this.chance(0.04)) return { bytes: this.raw(), isWhole: false, isHead: false };
    const route = this.one(ROUTES);
    const method = this.chance(0.8) ? route.method : this.one(METHODS);
    const hasBody = method !== 'HEAD' && method !== 'TRACE' && this.chance(route.body ? 0.95 : 0.1);
    const body = hasBody ? this.body(route.body) : undefined;
    const head = [`${method} ${this.target(route)} HTTP/1.1`, ...this.headers(), ...this.framing(body)];
    const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
    return { bytes, isWhole: true, isHead: method === 'HEAD' };
  }

  private raw(): Buffer {
    if (this.chance(0.5)) return Buffer.from(this.one(RAW));
    if (this.chance(0.5)) return Buffer.from(Array.from({ length: this.upTo(200) }, () => this.upTo(256)));
    const whole = Buffer.from(`GET ${this.target()} HTTP/1.1\r\n${this.headers().join('\r\n')}\r\n\r\n`);
    const broken = Buffer.from(whole.subarray(0, this.upTo(whole.length)));
    if (broken.length > 0) broken[this.upTo(broken.length)] = this.upTo(256);
    return broken;
  }

  private target({ path, query = {} }: Route = this.one(ROUTES)): string {
    if (this.chance(0.1)) return this.one(OUTSIDE);
    const names = this.chance(0.9) ? Object.keys(query) : NAMES;
    const count = names.length > 0 && this.chance(0.5) ? 1 + this.upTo(2) : 0;
    const asked = Array.from({ length: count }, () => {
      const name = this.one(names);
      const known = Object.hasOwn(query, name) && this.chance(0.8) ? query[name] : undefined;
      const right = known && encodeURIComponent(String(this.rightly(known.schema)));
      return `${encodeURIComponent(name)}=${right ?? this.segment()}`;
    });
    const where = `/api/v1${path.replace(/:\w+/g, () => (this.chance(0.7) ? 'ann' : this.segment()))}`;
    return count > 0 ? `${where}?${asked.join('&')}` : where;
  }

  /** Something that a schema may well allow. */
  private rightly(schema: Schema): unknown {
    const { enum: words, type, format, items, properties, $ref: ref } = schema as Shape;
    if (ref) return { days: ['MO'], from: '09:00', to: '17:00' };
    if (words) return this.one(words);
    if (type === 'array') return Array.from({ length: 1 + this.upTo(2) }, () => this.rightly(items!));
    if (type === 'integer') return 1 + this.upTo(5);
    if (properties) return this.membersOf(properties);
    if (format === 'uri') return 'http://127.0.0.1:1/hook';
    return format === 'date-time' ? this.one(TIMES) : this.one(['ann', 'bob', 'cleo']);
  }

  private membersOf(properties: Readonly<Record<string, Schema>>): object {
    const right = Object.entries(properties).map(([name, schema]) => {
      return [name, this.chance(0.95) ? this.rightly(schema) : this.value(2)] as const;
    });
    return Object.fromEntries(right.filter(() => this.chance(0.9)));
  }

  /** Some already escaped, rightly or not. */
  private segment(): string {
    const word = this.one(WORDS);
    return word.startsWith('%') ? word : encodeURIComponent(word);
  }

  private headers(): string[] {
    const headers = [`Host: ${this.one(['x', 'localhost:1', '[::1]', ''])}`];
    const scheme = this.chance(0.97) ? 'Bearer' : this.one(['Basic', '']);
    if (this.chance(0.97)) headers.push(`Authorization: ${scheme} ${this.token()}`);
    const more = Array.from({ length: this.chance(0.2) ? this.upTo(4) : 0 }, () => this.header());
    return [...headers, ...more];
  }

  private header(): string {
    return this.chance(0.1) ? `X-Long: ${'x'.repeat(this.upTo(18_000))}` : this.one(HEADERS);
  }

  private token(): string {
    if (this.chance(0.85)) return TOKENS.admin;
    return this.one([TOKENS.write, TOKENS.read, 'nobodys', `${TOKENS.admin} `, 'x'.repeat(600)]);
  }

  private framing(body: Buffer | undefined): string[] {
    if (!body) return [];
    const type = this.chance(0.85) ? 'application/json' : this.one(TYPES);
    return [...(type ? [`Content-Type: ${type}`] : []), `Content-Length: ${body.length}`];
  }

  private body(schema: Schema | undefined): Buffer {
    const right = (schema as Shape | undefined)?.properties;
    const members = right && this.chance(0.8) ? this.membersOf(right) : this.members(3);
    const text = this.chance(0.03) ? this.nested() : JSON.stringify(members);
    if (this.chance(0.05)) return Buffer.from(text.slice(0, this.upTo(text.length)));
    if (this.chance(0.02)) return Buffer.from(`{"text":"${'x'.repeat(40_000)}"}`);
    const bytes = Buffer.from(text);
    if (this.chance(0.05) && bytes.length > 2) bytes[1 + this.upTo(bytes.length - 2)] = 0x80 + this.upTo(128);
    return bytes;
  }

  private nested(): string {
    const depth = this.upTo(3000);
    const [open, close] = this.one([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    return `{"${this.one(NAMES)}":${open.repeat(depth)}1${close.repeat(depth)}}`;
  }

  private members(depth: number): object {
    const names = Array.from({ length: 1 + this.upTo(4) }, () => this.one(NAMES));
    const entries = names.map((name) => [name, this.value(depth)] as const);
    // Own members, also one named __proto__.
    return Object.fromEntries(entries);
  }

  private value(depth: number): unknown {
    const kinds: readonly (() => unknown)[] = [
      () => this.one(WORDS),
      () => this.one(WORDS),
      () => this.one([0, -1, 1.5, 1e308, 2 ** 53, -0]),
      () => this.one([null, true, false]),
      () => (depth > 0 ? Array.from({ length: this.upTo(4) }, () => this.value(depth - 1)) : []),
      () => (depth > 0 ? this.members(depth - 1) : {}),
    ];
    return this.one(kinds)();
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private upTo(count: number): number {
    return Math.floor(this.random() * count);
  }

  private one<T>(of: readonly T[]): T {
    return of[this.upTo(of.length)]!;
  }
}
