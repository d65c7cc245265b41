/**
 * A node reduced to store, engine and batcher, to be killed. Each of its users connects one session after the
 * other and claims the session's id as status text; an id is printed once both are acknowledged.
 * It ends by itself when nobody reads its output any more.
 *
 *   embedded-writer.ts <folder> <round>
 */
import type { Command, CommandResult } from '../../domain/commands';
import { Batcher } from '../../lib/desk/batcher';
import { PresenceEngine } from '../../lib/desk/engine';
import { EmbeddedStore } from '../../lib/store/embedded-store';
import { REFRESH_AFTER_MS } from './presence-builders';

const USERS = 8;

async function main(dataDir: string, round: string): Promise<void> {
  const store = new EmbeddedStore({ dataDir, refreshAfterMs: REFRESH_AFTER_MS });
  await store.open();
  const engine = new PresenceEngine({ store, clock: Date.now, onChanges: () => {} });
  const flush = (batch: readonly Command[]) => engine.run(batch);
  const batcher = new Batcher<Command, CommandResult>({ flush, maxBatch: 100, maxQueued: 100 });

  const writeForEver = async (uid: string) => {
    for (let n = 0; ; n++) {
      const id = `${uid}/${round}/${n}`;
      await batcher.submit({ uid, kind: 'session', session: { kind: 'connect', session: id, instanceId: 'node1' } });
      const claim = { statusDefault: 'busy', statusSource: 'manual', statusText: id } as const;
      await batcher.submit({ uid, kind: 'claim', claim: { kind: 'setActive', claim } });
      process.stdout.write(`${id}\n`);
    }
  };
  await Promise.all(Array.from({ length: USERS }, (_, i) => writeForEver(`u${i}`)));
}

const [, , dataDir, round] = process.argv;
if (!dataDir || !round) throw new Error('usage: embedded-writer.ts <folder> <round>');
void main(dataDir, round);
