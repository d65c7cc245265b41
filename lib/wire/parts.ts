/** Of each part; no JSON begins so. */
const MARK = Buffer.from([0, 0x50, 0x50, 1]);
const HEADER_LENGTH_BYTES = 2;
/** Room for the header, and for what NATS may count besides. */
const RESERVED_BYTES = 2_048;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const MAX_TRANSFERS = 64;
const STALLED_AFTER_MS = 10_000;

interface Header {
  readonly sender: string;
  readonly id: string;
  readonly index: number;
  readonly count: number;
}

interface Transfer {
  readonly parts: Buffer[];
  readonly count: number;
  bytes: number;
  heardMs: number;
}

/** Cuts a packet into parts of at most this size. */
export function* partsOf(data: Buffer, max: number, sender: string, id: string): Generator<Buffer> {
  const size = max - RESERVED_BYTES;
  const count = Math.ceil(data.length / size);
  for (let index = 0; index < count; index++) {
    const header = Buffer.from(JSON.stringify({ sender, id, index, count } satisfies Header));
    const length = Buffer.alloc(HEADER_LENGTH_BYTES);
    length.writeUInt16BE(header.length);
    yield Buffer.concat([MARK, length, header, data.subarray(index * size, (index + 1) * size)]);
  }
}

/** Puts packets together. Bounded in number, in bytes and in time: of a transfer that stalls the parts are let go. */
export class PartsReceived {
  private readonly transfers = new Map<string, Transfer>();
  private total = 0;

  /**
   * @param takes whether a sender may send parts
   * @returns the packet, also where it came whole; `waits` for more parts, `dropped` for a part that does not fit
   */
  take(data: Buffer, takes: (sender: string) => boolean, nowMs: number): Buffer | 'waits' | 'dropped' {
    if (data.length < MARK.length || !data.subarray(0, MARK.length).equals(MARK)) return data;
    this.forgetStalled(nowMs);
    const header = headerOf(data);
    if (!header || !takes(header.sender)) return 'dropped';
    const body = data.subarray(MARK.length + HEADER_LENGTH_BYTES + data.readUInt16BE(MARK.length));
    const key = `${header.sender} ${header.id}`;
    const transfer = this.transfers.get(key) ?? this.begin(key, header);
    const fits = transfer && transfer.parts.length === header.index && transfer.count === header.count;
    if (!fits || this.total + body.length > MAX_TOTAL_BYTES) {
      this.end(key);
      return 'dropped';
    }
    transfer.parts.push(Buffer.from(body));
    transfer.bytes += body.length;
    this.total += body.length;
    transfer.heardMs = nowMs;
    if (transfer.parts.length < transfer.count) return 'waits';
    this.end(key);
    return Buffer.concat(transfer.parts);
  }

  private begin(key: string, { count }: Header): Transfer | undefined {
    if (this.transfers.size >= MAX_TRANSFERS) return undefined;
    const transfer = { parts: [], count, bytes: 0, heardMs: 0 };
    this.transfers.set(key, transfer);
    return transfer;
  }

  private end(key: string): void {
    this.total -= this.transfers.get(key)?.bytes ?? 0;
    this.transfers.delete(key);
  }

  private forgetStalled(nowMs: number): void {
    for (const [key, { heardMs }] of this.transfers) if (nowMs - heardMs > STALLED_AFTER_MS) this.end(key);
  }
}

function headerOf(data: Buffer): Header | undefined {
  try {
    const from = MARK.length + HEADER_LENGTH_BYTES;
    const header = JSON.parse(data.toString('utf8', from, from + data.readUInt16BE(MARK.length))) as Partial<Header>;
    const { sender, id, index, count } = header;
    if (typeof sender !== 'string' || typeof id !== 'string' || id.length > 64) return undefined;
    return Number.isSafeInteger(index) && Number.isSafeInteger(count) ? (header as Header) : undefined;
  } catch {
    return undefined;
  }
}
