import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MAX_IDS } from '../../../lib/socket/client-frames';
import { MAX_FRAME_BYTES } from '../../../lib/socket/presence-socket';
import { CLOSE, SOCKET_ERRORS } from '../../../lib/socket/socket-errors';
import { MAX_WAITING_BYTES } from '../../../lib/socket/subscription';

const text = readFileSync(path.join(__dirname, '../../../docs/WEBSOCKET.md'), 'utf8');
const errors = text.slice(text.indexOf('## Errors'), text.indexOf('## A client'));
const rows = (pattern: RegExp) => [...errors.matchAll(pattern)].map(([, name]) => name);

/** What ws itself closes with: a message too big. */
const OF_THE_PROTOCOL = 1009;

test('the document lists every error and every way to be closed, and no other', () => {
  expect(rows(/^\| `([A-Z_]+)` \|/gm)).toEqual(Object.keys(SOCKET_ERRORS));
  const codes = new Set([...Object.values(CLOSE).map(({ code }) => code), OF_THE_PROTOCOL]);
  expect(rows(/^\| (\d{4}) \|/gm)).toEqual([...codes].sort((a, b) => a - b).map(String));
});

test('its limits are those of the code', () => {
  expect(text).toContain(`a list of 1 to ${MAX_IDS.toLocaleString('en')} ids`);
  expect(text).toContain(`a frame above ${MAX_FRAME_BYTES / 1024} KB`);
  expect(text).toContain(`once ${MAX_WAITING_BYTES / 1024 ** 2} MB waits`);
  const ids = Array.from({ length: MAX_IDS }, () => 'rocketchatId12345');
  expect(JSON.stringify({ op: 'subscribe', uids: ids }).length).toBeLessThan(MAX_FRAME_BYTES);
});
