/**
 * `npm run test:mongo -- VERSION`: `npm test` on a MongoDB of that version (5, 6, 7, 8), a replica set of one node. With `--nodes=3` a
 * set of three, and the suite in which its primary steps down under load. Needs Docker on Linux; the workflow runs the same.
 */
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { command, run, Stop } from './lib/command.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const FIRST_PORT = 27117;
const READY_WITHIN_MS = 90_000;
const POLL_MS = 1_000;

const args = process.argv.slice(2);
const [version, ...others] = args.filter((arg) => !arg.startsWith('--nodes='));
const nodes = Number(args.find((arg) => arg.startsWith('--nodes='))?.slice('--nodes='.length) ?? 1);

await command(async () => {
  if (!/^\d+(\.\d+)*$/.test(version ?? '')) throw new Stop('Name a version: npm run test:mongo -- 8 [--nodes=3]');
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 7) throw new Stop('--nodes: a number from 1 to 7');
  const members = Array.from({ length: nodes }, (_, i) => ({ name: `presence-mongo-${i}`, port: FIRST_PORT + i }));
  try {
    for (const member of members) await start(member);
    await becomesSet(members);
    const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const env = { MONGO_URL: `mongodb://${hosts}/presence_test?replicaSet=rs0` };
    const tests = nodes === 1 ? ['test'] : ['run', 'test:chaos', '--', 'test/chaos/step-down'];
    const more = others.length === 0 ? [] : nodes === 1 ? ['--', ...others] : others;
    const { code } = await run('npm', [...tests, ...more], { cwd: root, env });
    return code;
  } finally {
    await run('docker', ['rm', '--force', '--volumes', ...members.map(({ name }) => name)], { quiet: true });
  }
});

/** On the machine's own network: a driver asks for the members under the names that the set has for them. */
async function start({ name, port }) {
  const server = ['--replSet', 'rs0', '--port', String(port), '--bind_ip', '127.0.0.1'];
  const docker = ['run', '--detach', '--name', name, '--network', 'host', `mongo:${version}`, ...server];
  const { code, output } = await run('docker', docker, { quiet: true });
  if (code !== 0) throw new Stop(`docker could not start ${name}: ${output.trim()}`);
}

async function becomesSet(members) {
  const set = { _id: 'rs0', members: members.map(({ port }, _id) => ({ _id, host: `127.0.0.1:${port}` })) };
  const script =
    `try { rs.initiate(${JSON.stringify(set)}) } catch (e) {} ` +
    `const all = rs.status().members.map((one) => one.stateStr).sort().join(); ` +
    `if (!/^PRIMARY(,SECONDARY)*$/.test(all)) quit(1)`;
  const [{ name, port }] = members;
  const givesUpAtMs = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { code, output } = await run('docker', ['exec', name, ...shellWith(port, script)], { quiet: true });
    if (code === 0) return;
    if (Date.now() > givesUpAtMs) throw new Stop(`the replica set was not ready in time: ${output.trim()}`);
    await delay(POLL_MS);
  }
}

/** Older images have the older shell alone. */
function shellWith(port, script) {
  const shell =
    'shell=mongosh; command -v mongosh >/dev/null || shell=mongo; exec $shell --quiet --port "$0" --eval "$1"';
  return ['sh', '-c', shell, String(port), script];
}
