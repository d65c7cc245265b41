import { BSON as bson } from 'mongodb';

/** What MongoDB's wire protocol carries: one BSON document, with its members in their order. */
export type Document = Record<string, unknown>;

const HEADER = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** A reply to OP_QUERY: flags (AwaitCapable, which every server sets), cursor, first, count. */
const REPLY_FIELDS = Buffer.from([8, ...new Array<number>(15).fill(0), 1, 0, 0, 0]);
/** Where a write command holds its single writes. */
const WRITES = ['updates', 'documents', 'deletes'];

/** A command as a client sent it. */
export interface Request {
  readonly id: number;
  readonly opCode: number;
  readonly document: Document;
  /** False where the client waits for no answer. */
  readonly isAnswered: boolean;
  readonly bytes: Buffer;
}

/** Cuts a stream into messages: give it what arrives, it answers the messages that are complete with that. */
export function messageSplitter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const messages: Buffer[] = [];
    while (rest.length >= HEADER && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      if (length < HEADER) throw new Error(`a message of ${length} bytes: this is not MongoDB's protocol`);
      messages.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return messages;
  };
}

/** @throws on messages that drivers without compression do not send: what cannot be read cannot be decided upon */
export function readRequest(bytes: Buffer): Request {
  const [id, opCode] = [bytes.readInt32LE(4), bytes.readInt32LE(12)];
  if (opCode === OP_MSG) {
    const isAnswered = (bytes.readUInt32LE(HEADER) & MORE_TO_COME) === 0;
    return { id, opCode, document: readSections(bytes, true), isAnswered, bytes };
  }
  if (opCode === OP_QUERY) {
    const afterName = bytes.indexOf(0, HEADER + 4) + 1;
    const document = bson.deserialize(bytes.subarray(afterName + 8));
    return { id, opCode, document: (document.$query ?? document) as Document, isAnswered: true, bytes };
  }
  throw new Error(`a message with op code ${opCode}, which the proxy does not know`);
}

/** The request that a server's message answers. */
export function answersTo(reply: Buffer): number {
  return reply.readInt32LE(8);
}

/** What a server's message says, with the very types it has. */
export function readReply(bytes: Buffer): Document {
  if (bytes.readInt32LE(12) === OP_MSG) return readSections(bytes, false);
  return bson.deserialize(bytes.subarray(HEADER + REPLY_FIELDS.length), { promoteValues: false });
}

/** A server's answer to a request, in the form the client asked in. */
export function replyTo({ id, opCode }: Pick<Request, 'id' | 'opCode'>, document: Document): Buffer {
  if (opCode === OP_QUERY) return message(OP_REPLY, id, [REPLY_FIELDS, bson.serialize(document)]);
  return message(OP_MSG, id, [Buffer.alloc(5), bson.serialize(document)]);
}

/**
 * The first half of a write command's writes, rounded up, under the same request id; of a single one that is for many documents, half
 * of these. It is no part of a retryable
 * write any more: a repetition of the whole must not be answered from what the server remembers of the half.
 */
export function firstHalf({ id, bytes, opCode }: Request): Buffer {
  if (opCode !== OP_MSG) throw new Error('only an OP_MSG is a write command');
  const document = readSections(bytes, false);
  for (const key of WRITES) {
    const writes = document[key] as unknown[] | undefined;
    if (writes) document[key] = writes.length === 1 ? [forHalf(writes[0] as Document)] : halfOf(writes);
  }
  delete document.txnNumber;
  const half = message(OP_MSG, 0, [Buffer.alloc(5), bson.serialize(document)]);
  half.writeInt32LE(id, 4);
  return half;
}

function halfOf(items: readonly unknown[]): unknown[] {
  return items.slice(0, Math.ceil(items.length / 2));
}

/** As a server leaves an update that it was interrupted in. */
function forHalf(write: Document): Document {
  const ids = (write.q as { readonly _id?: { readonly $in?: unknown[] } } | undefined)?._id?.$in;
  return ids ? { ...write, q: { ...(write.q as object), _id: { $in: halfOf(ids) } } } : write;
}

/**
 * The document of an OP_MSG, document sequences (sections of kind 1) included.
 *
 * @param promoteValues plain numbers for whoever looks at it; without, it is sent on with the very types it had
 */
function readSections(bytes: Buffer, promoteValues: boolean): Document {
  const hasChecksum = (bytes.readUInt32LE(HEADER) & CHECKSUM_PRESENT) !== 0;
  const end = bytes.length - (hasChecksum ? 4 : 0);
  const read = (at: number) => bson.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at)), { promoteValues });
  let document: Document = {};
  const sequences: Document = {};
  for (let at = HEADER + 4; at < end;) {
    const kind = bytes.readUInt8(at++);
    const size = bytes.readInt32LE(at);
    if (kind === 0) document = read(at);
    else {
      let next = bytes.indexOf(0, at + 4) + 1;
      const rows: Document[] = [];
      sequences[bytes.toString('utf8', at + 4, next - 1)] = rows;
      for (; next < at + size; next += bytes.readInt32LE(next)) rows.push(read(next));
    }
    at += size;
  }
  return { ...document, ...sequences };
}

function message(opCode: number, responseTo: number, parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER);
  const bytes = Buffer.concat([header, ...parts]);
  [bytes.length, 0, responseTo, opCode].forEach((value, i) => bytes.writeInt32LE(value, 4 * i));
  return bytes;
}
