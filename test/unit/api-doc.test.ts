import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { readConfig } from '../../lib/env';
import { createStore } from '../../lib/store/create-store';
import { IN_MEMORY } from '../../lib/store/embedded-store';
import { presenceService } from '../../services/presence.service';

test('docs/API.md lists every action, and no other', () => {
  const config = readConfig({ DATA_DIR: IN_MEMORY });
  const broker = new ServiceBroker({ logger: false });
  const service = broker.createService(presenceService({ config, store: createStore(config) }));
  const document = readFileSync(path.join(__dirname, '../../docs/API.md'), 'utf8');
  const documented = [...document.matchAll(/^\| `([a-z]\w+)` \| (?!`code`)/gm)].map(([, name]) => name!);
  expect(documented.sort()).toEqual(Object.keys(service.schema.actions ?? {}).sort());
});
