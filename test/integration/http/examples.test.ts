import { startApiNode, TOKENS, type ApiNode } from '../../helpers/api-node';
import { parseCurl } from '../../helpers/curl';
import { commandsIn, readDocument, sampleOf, samplesOf } from '../../helpers/document-samples';

/** Commands of a document's blocks, and those within its sentences. */
function curlsOf(file: string): string[] {
  const blocks = samplesOf(file).filter(({ language }) => language === 'sh');
  const inline = [...readDocument(file).matchAll(/`(curl [^`]+)`/g)].map(([, command]) => command!);
  return [...blocks.flatMap(commandsIn), ...inline].filter((line) => line.startsWith('curl '));
}

/** What the documents say works. */
describe('examples', () => {
  let node: ApiNode;

  beforeAll(async () => {
    node = await startApiNode();
    await node.call('newConnection', 'ann', 's1', 'core-1');
  }, 60_000);
  afterAll(() => node.stop());

  const files = { 'docs/HTTP.md': 5, 'README.md': 2, 'docs/CALLBACKS.md': 1, 'docs/OPERATIONS.md': 4 };
  test.each(Object.entries(files))('of %s are answered', async (file, atLeast) => {
    const commands = curlsOf(file);
    expect(commands.length).toBeGreaterThanOrEqual(atLeast);
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

  test('of a problem in docs/HTTP.md is what a wrong limit is answered', async () => {
    const { text } = sampleOf('docs/HTTP.md', '{"type": "/problems/INVALID_ARGUMENT"');
    const answer = await node.ask({ path: '/api/v1/users?limit=many', token: TOKENS.read });
    expect(answer.json()).toEqual(JSON.parse(text));
  });

  test('of README.md: a status without a session reads as offline beside its text, and shows with the first session', async () => {
    const commands = curlsOf('README.md').filter((command) => command.includes('/users/ann'));
    const fresh = commands.map((command) =>
      parseCurl(command.replace('/users/ann', '/users/new'), { TOKEN: TOKENS.admin }),
    );
    const answers = [];
    for (const asked of fresh) answers.push(await node.ask(asked));
    expect(answers.at(-1)!.json()).toMatchObject({ status: 'offline', statusText: 'in a meeting' });
    await node.call('newConnection', 'new', 's2', 'core-1');
    expect((await node.ask(fresh.at(-1)!)).json()).toMatchObject({ status: 'busy', statusText: 'in a meeting' });
  });
});
