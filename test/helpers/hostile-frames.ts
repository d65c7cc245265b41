import { SOCKET_PATH } from '../../lib/socket/admission';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FINAL = 0x80;
const MASKED = 0x80;
/** Masked with zeros the payload stands as it is. */
const NO_MASK = Buffer.alloc(4);
const MOST_OF_7_BITS = 125;
const MOST_OF_16_BITS = 0xffff;

interface Shape {
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
  /** The three reserved bits, e.g. 4 for a compressed message. */
  readonly reserved?: number;
  /** The length in the header, in place of the true one. */
  readonly length?: number;
}

/** A frame of RFC 6455 5.2: as a client sends it, or as no client may. */
export function frame(opcode: number, payload: string | Buffer = '', shape: Shape = {}): Buffer {
  const { isFinal = true, isMasked = true, reserved = 0 } = shape;
  const body = Buffer.from(payload);
  const first = (isFinal ? FINAL : 0) | (reserved << 4) | opcode;
  const head = headOf(first, isMasked ? MASKED : 0, shape.length ?? body.length);
  return Buffer.concat([head, isMasked ? NO_MASK : Buffer.alloc(0), body]);
}

function headOf(first: number, mask: number, length: number): Buffer {
  if (length <= MOST_OF_7_BITS) return Buffer.from([first, mask | length]);
  if (length <= MOST_OF_16_BITS) return Buffer.from([first, mask | 126, length >> 8, length & 0xff]);
  const head = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

export const says = (message: object): Buffer => frame(OPCODE.text, JSON.stringify(message));

/** Whether the node closes the connection: the first byte of its close frame is in no text of ASCII. */
export const isClosing = (chunk: Buffer): boolean => chunk.includes(FINAL | OPCODE.close);

/** A request for a WebSocket and what is sent at once behind it. @param token of an Authorization header */
export function opening(token: string | undefined, ...frames: readonly Buffer[]): Buffer {
  const lines = [
    `GET ${SOCKET_PATH} HTTP/1.1`,
    'Host: here',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...frames]);
}
