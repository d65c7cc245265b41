import { homedir, userInfo } from 'node:os';
import { spawnSync } from 'node:child_process';
import { withPromtool } from '../helpers/suites';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { startReplica, type Replica } from '../helpers/replica';

const NODE = 'presence-1';
const LEASE_S = 1;
/** Gauges of what is stored are brought up to date every ten seconds. */
const PATIENT = { timeoutMs: 20_000 };

/** What docs/OPERATIONS.md names is what Prometheus gets. */
describe('metrics', () => {
  let replica: Replica;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    replica = await startReplica({
      nodeID: NODE,
      env: {
        MS_METRICS: 'true',
        MS_METRICS_PORT: String(port),
        PORT: String(await freePort()),
        SESSION_LEASE: String(LEASE_S),
      },
    });
  });
  afterAll(() => replica?.stop());

  const call = (action: string, ...args: unknown[]) => replica.broker.call(`presence.${action}`, args);

  /** The value of a metric. @param labels as they stand in the text, those that every metric has left out */
  async function valueOf(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels));
    expect({ name, labels, lines }).toMatchObject({ lines: [expect.any(String)] });
    return Number(lines[0]!.split(' ').at(1));
  }

  const becomes = (expected: number, name: string, labels?: string) =>
    eventually(async () => expect(await valueOf(name, labels)).toBe(expected), PATIENT);
  const isCounted = (name: string, labels?: string) =>
    eventually(async () => expect(await valueOf(name, labels)).toBeGreaterThan(0), PATIENT);

  const textOf = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

  test('counters of each label, and histograms, are there from the start with 0', async () => {
    const zeros = [
      ['presence_changes_total', 'cause="node-lost"'],
      ['presence_cache_users_total', 'from="store"'],
      ['presence_socket_frames_total', 'kind="snapshot"'],
      ['presence_callbacks_deliveries_total', 'outcome="dropped"'],
      ['presence_repairs_total'],
      ['presence_nodes_lost_total'],
      ['presence_ghosts_total'],
      ['presence_socket_slow_total'],
      ['presence_expiry_lateness_count'],
      ['presence_ghosts_age_sum'],
      ['presence_feed_lag_bucket', 'le="+Inf"'],
    ] as const;
    for (const [name, labels] of zeros) expect([name, await valueOf(name, labels)]).toEqual([name, 0]);
  });

  test('have no label that Prometheus has itself, and say which node they are of once', async () => {
    const samples = (await textOf()).split('\n').filter((line) => !line.startsWith('#'));
    expect(samples.filter((line) => /[{,](instance|job|namespace|nodeID)="/.test(line))).toEqual([]);
    expect(await valueOf('presence_node_info', `node_id="${NODE}"`)).toBe(1);
  });

  test('users by status and sessions by instance', async () => {
    await call('newConnection', 'ann', 'a1', 'core-1');
    await call('newConnection', 'ann', 'a2', 'core-1');
    await call('newConnection', 'bob', 'b1', 'core-2');
    await call('setStatus', 'bob', 'busy');
    await becomes(1, 'presence_users', 'status="online"');
    await becomes(1, 'presence_users', 'status="busy"');
    await becomes(0, 'presence_users', 'status="away"');
    await becomes(2, 'presence_instance_sessions', '{instance_id="core-1"}');
    await becomes(1, 'presence_instance_sessions', '{instance_id="core-2"}');
    // As it was in Prometheus for one release more.
    await becomes(2, 'presence_sessions', '{exported_instance="core-1"}');
  }, 40_000);

  test('sizes and times of flushes', async () => {
    await call('newConnection', 'cleo', 'c1', 'core-1');
    await isCounted('presence_batch_size_bucket', 'le="+Inf"');
    await isCounted('presence_flush_time_bucket', 'le="+Inf"');
    await isCounted('presence_flush_time_sum');
    await isCounted('presence_flush_time_count');
  });

  test('changes by cause, and how late claims end', async () => {
    await call('newConnection', 'dora', 'd1', 'core-1');
    await call('setStatus', 'dora', 'away', 'back soon', new Date(Date.now() + 300));
    await becomes(1, 'presence_expiry_lateness_bucket', 'le="+Inf"');
    await becomes(1, 'presence_changes_total', 'cause="expiry"');
    await isCounted('presence_changes_total', 'cause="connection"');
  });

  test('ghosts and their age', async () => {
    await call('newConnection', 'emma', 'e1');
    await call('updateConnection', 'emma', 'e1'); // now this node is one that sends heartbeats
    await becomes(1, 'presence_ghosts_total');
    await becomes(1, 'presence_ghosts_age_bucket', 'le="+Inf"');
    await becomes(1, 'presence_ghosts_age_bucket', 'le="150"'); // a lease of a second, and not much more
  });

  test('users put right', async () => {
    await call('newConnection', 'fred', 'f1', 'core-1');
    const [state] = await replica.store.applySessions([{ uid: 'fred', commands: [] }], Date.now());
    const before = state!.user!;
    const after = { ...before, status: 'away' as const, presenceRev: before.presenceRev + 1 };
    await replica.store.writePresence([{ before, after, sessionsRev: state!.sessionsRev }]);
    await call('reconcile');
    await becomes(1, 'presence_repairs_total');
  });

  test('how the node stands', async () => {
    await becomes(1, 'presence_bus_up');
    await becomes(1, 'presence_leader');
    await becomes(0, 'presence_queue');
  });

  withPromtool('metrics: Prometheus’s own check')('Prometheus’s own check', () => {
    test('finds nothing wrong with those of ours, and reads the rest', async () => {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: await textOf(),
        encoding: 'utf8',
      });
      const STYLE = 3;
      expect([0, STYLE]).toContain(status);
      expect(`${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('presence_'))).toEqual([]);
    });
  });

  test('nothing of who runs the node, and nothing of it on other addresses', async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(/^presence_bus_up/m);
    expect(text).not.toMatch(/^(os_user|os_network|process_arguments)/m);
    for (const own of [userInfo().username, homedir(), process.argv[1]!]) expect(text).not.toContain(`"${own}"`);
    await expect(fetch(`http://127.0.0.2:${port}/metrics`)).rejects.toThrow();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  });

  test('a port that is taken is named, and the node does not start', async () => {
    const env = { MS_METRICS: 'true', MS_METRICS_PORT: String(port) };
    await expect(startReplica({ nodeID: 'presence-2', env })).rejects.toThrow(
      `MS_METRICS_PORT ${port} on 127.0.0.1 is in use`,
    );
  });
});
