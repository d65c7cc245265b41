import { PassThrough, type Writable } from 'node:stream';
import * as ws from 'ws';
import { SharedFrame } from '../../../lib/socket/shared-frame';

/** What reads frames in ws; its types leave it out. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** As a WebSocket reads it. */
function read(bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false });
    receiver.on('message', (data: Buffer, isBinary: boolean) =>
      resolve(`${isBinary ? 'binary' : 'text'} ${data.toString()}`),
    );
    receiver.on('error', reject);
    const stream = new PassThrough();
    stream.pipe(receiver);
    stream.write(bytes);
  });
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 300_000])('a text of %d bytes is one frame of it', async (length) => {
  const frame = new SharedFrame('x'.repeat(length));
  await expect(read(frame.bytes)).resolves.toBe(`text ${'x'.repeat(length)}`);
  expect(frame.text.toString()).toHaveLength(length);
});

test('lengths are those of UTF-8', async () => {
  const text = '{"statusText":"ärger 🎉"}'.repeat(5);
  await expect(read(new SharedFrame(text).bytes)).resolves.toBe(`text ${text}`);
});
