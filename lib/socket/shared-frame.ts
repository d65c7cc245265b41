const FINAL_TEXT = 0x81;
const LENGTH_OF_16_BITS = 126;
const LENGTH_OF_64_BITS = 127;
const MOST_OF_7_BITS = 125;
const MOST_OF_16_BITS = 0xffff;

/** A text frame that is sent to many: the bytes of RFC 6455 5.2, made once, so that nobody needs a head and a write of his own for it. */
export class SharedFrame {
  readonly bytes: Buffer;
  /** The text alone. */
  readonly text: Buffer;

  constructor(text: string) {
    const length = Buffer.byteLength(text);
    const headBytes = length <= MOST_OF_7_BITS ? 2 : length <= MOST_OF_16_BITS ? 4 : 10;
    const bytes = Buffer.allocUnsafe(headBytes + length);
    bytes[0] = FINAL_TEXT;
    bytes[1] = headBytes === 2 ? length : headBytes === 4 ? LENGTH_OF_16_BITS : LENGTH_OF_64_BITS;
    if (headBytes === 4) bytes.writeUInt16BE(length, 2);
    if (headBytes === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
    bytes.write(text, headBytes);
    [this.bytes, this.text] = [bytes, bytes.subarray(headBytes)];
  }
}
