import { spawn } from 'node:child_process';
import { endProcess, endWithUs } from '../helpers/child-process';
import { eventually } from '../helpers/eventually';
import { describeFigures, processProbe } from '../helpers/process-figures';

const HOLDS = `
  const { openSync } = require('node:fs');
  const kept = [];
  process.stdin.on('data', () => {
    for (let i = 0; i < 20; i += 1) openSync(process.execPath);
    for (let i = 0; i < 5; i += 1) setInterval(() => {}, 60_000);
    process.on('SIGUSR2', () => {});
    kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
    const until = Date.now() + 60;
    while (Date.now() < until);
    console.log('held');
  });`;

it('sees descriptors, timers, listeners, memory and a blocked loop in another process', async () => {
  const probe = processProbe();
  const child = spawn(process.execPath, ['-e', HOLDS], { env: { ...process.env, ...probe.env } });
  endWithUs(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  try {
    await eventually(() => probe.figures());
    const before = await probe.figures();
    child.stdin.write('go\n');
    await eventually(() => expect(output).toContain('held'));
    const after = await probe.figures();

    expect(after.descriptors - before.descriptors).toBe(20);
    expect((after.resources.Timeout ?? 0) - (before.resources.Timeout ?? 0)).toBe(5);
    expect(after.listeners - before.listeners).toBe(1);
    expect(after.heapBytes - before.heapBytes).toBeGreaterThan(7 * 1024 * 1024);
    expect(after.loop.maxMs).toBeGreaterThan(50);
    expect(after.loop.heldMs).toBeGreaterThan(1);
    expect(describeFigures('held', before, after)).toContain(`${before.descriptors} → ${after.descriptors}`);
  } finally {
    await endProcess(child, 'SIGKILL');
  }
});
