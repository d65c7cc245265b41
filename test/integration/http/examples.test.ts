import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startApiNode, TOKENS, type ApiNode } from '../../helpers/api-node';
import { parseCurl } from '../../helpers/curl';

const read = (file: string) => readFileSync(path.join(__dirname, '../../..', file), 'utf8');
const commandsOf = (file: string) => [...read(file).matchAll(/^curl .*$/gm)].map(([command]) => command);

/** What the documents say works. */
describe('examples', () => {
  let node: ApiNode;

  beforeAll(async () => {
    node = await startApiNode();
    await node.call('newConnection', 'ann', 's1', 'core-1');
  }, 60_000);
  afterAll(() => node.stop());

  test.each(['docs/HTTP.md', 'README.md'])('of %s are answered', async (file) => {
    const commands = commandsOf(file);
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      const asked = parseCurl(command, { TOKEN: TOKENS.admin });
      const { status, text } = await node.ask(asked);
      expect([command, status < 300, text]).toEqual([command, true, expect.stringMatching(/^({|ok$)/) as string]);
      if (!text.startsWith('{')) continue;
      expect(text).not.toMatch(/"ok":false/);
    }
    const ann = await node.ask({ path: '/api/v1/users/ann', token: TOKENS.read });
    expect(ann.json()).toMatchObject({ uid: 'ann', statusConnection: 'online' });
  });
});
