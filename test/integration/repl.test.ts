import { samplesOf } from '../helpers/document-samples';
import { eventually } from '../helpers/eventually';
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

  test('presence says why somebody is shown so, and that nobody is known', async () => {
    node.type('call presence.setStatus --uid ann --statusDefault busy --statusText lunch');
    await node.says('\u001b[33mtrue\u001b[39m');
    node.type('presence ann');
    await node.says('ann is busy: a claim (manual) says busy, and a session is live');
    await node.says('before online; cause: claim');
    await node.says('claim:   busy, “lunch”, by manual, without an end');
    await node.says('session: s1, online, at ');
    node.type('presence nobody');
    await node.says('nobody: nothing is stored of such a user');
    expect(node.output).not.toContain('ERROR');
  });

  test('the lines of docs/OPERATIONS.md are commands', async () => {
    const lines = samplesOf('docs/OPERATIONS.md').flatMap(({ text }) => [...text.matchAll(/^mol \$ (.+)$/gm)]);
    expect(lines).toHaveLength(3);
    const answers = ['session: s1, online, at ', '│ claim', 'users checked, 0 put right, '];
    for (const [i, [, line]] of lines.entries()) {
      const before = node.output.length;
      node.type(line!);
      await eventually(() => expect(node.output.slice(before)).toContain(answers[i]!));
    }
    expect(node.output).not.toContain('ERROR');
  });

  test('who lists users by status, and says what it does not know', async () => {
    node.type('who busy');
    await node.says('│ lunch │');
    node.type('who away');
    await node.says('nobody is away');
    node.type('who asleep');
    await node.says('INVALID_ARGUMENT: ');
    expect(node.output).not.toContain('ERROR');
  });

  test('history lists the changes of a user, the last first, and says when there is none', async () => {
    node.type('history ann');
    await node.says('│ connection │');
    node.type('history nobody');
    await node.says('nobody: no change is kept');
    expect(node.output).toMatch(/online\s*│ busy\s*│ lunch/);
    expect(node.output).not.toContain('ERROR');
  });

  test('top shows how things stand, again and again', async () => {
    node.type('top 2');
    await node.says('changes a second');
    node.type('call presence.newConnection --uid cleo --session s9'); // while it runs
    await node.says('│ cleo │');
    expect(node.output).toMatch(/│ busy\s+│ offline │ connections │/);
    node.type('top often');
    await node.says('a whole number from 1 to 3600');
    expect(node.output).not.toContain('ERROR');
  });

  test.each([
    ['import', 'NOT_CONFIGURED: there is no account at Rocket.Chat (ROCKETCHAT_USERNAME)'],
    ['import agian', 'import [again]: “agian” is not “again”'],
    ['import again again', 'usage: import [again]; “again” is one word too many'],
    ['presence ann bob', 'usage: presence <user>; “bob” is one word too many'],
    ["presence ''", 'INVALID_ARGUMENT: uid: '],
    ["history ''", 'INVALID_ARGUMENT: uid: '],
    ['history ann bob', 'usage: history <user>; “bob” is one word too many'],
    ["who ''", 'INVALID_ARGUMENT: status: '],
    ['who busy away', 'usage: who [status]; “away” is one word too many'],
    ['top 0', 'a whole number from 1 to 3600'],
    ['top 2 3', 'usage: top [pictures]; “3” is one word too many'],
    ['reconcile ann', 'usage: reconcile; “ann” is one word too many'],
    ['presence', "missing required argument 'user'"],
    ['who --limit 3', "unknown option '--limit'"],
  ])('%s: what is wrong is said in a line, without a stack', async (line, expected) => {
    const before = node.output.length;
    node.type(line);
    await eventually(() => expect(node.output.slice(before)).toContain(expected));
    expect(node.output.slice(before)).not.toMatch(/ERROR|"level":50|\n +at /);
  });

  test('reconcile may be asked again, and help knows it', async () => {
    node.type('reconcile');
    await node.says('put right');
    node.type('help');
    await node.says('Decide the presence of everybody again');
    expect(node.output).not.toContain('ERROR');
  });
});
