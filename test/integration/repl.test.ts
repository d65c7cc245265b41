import { freePort } from '../helpers/free-port';
import { NodeProcess } from '../helpers/node-process';

/** Commands of our own at Moleculer's prompt, in the real process. */
describe('the prompt', () => {
  let node: NodeProcess;

  beforeAll(async () => {
    node = NodeProcess.start({ PORT: String(await freePort()), DATA_DIR: ':memory:' }, ['--repl']);
    await node.says('mol $');
  });
  afterAll(() => node.end('SIGKILL'));

  test('reconcile decides everybody again and says how many', async () => {
    node.type('call presence.newConnection --uid ann --session s1');
    await node.says('connectionId');
    node.type('reconcile');
    await node.says('reconciling: 1 of about 1 users, 0 put right');
    await node.says('1 users checked, 0 put right, ');
    expect(node.output).not.toContain('ERROR');
  });

  test('reconcile may be asked again, and help knows it', async () => {
    node.type('reconcile');
    await node.says('put right');
    node.type('help');
    await node.says('Decide the presence of everybody again');
    expect(node.output).not.toContain('ERROR');
  });
});
