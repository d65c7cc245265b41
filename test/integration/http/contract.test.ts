import { startApiNode, withApiNode, type ApiNode } from '../../helpers/api-node';
import { ContractBook } from '../../helpers/contract-book';
import { HookReceiver } from '../../helpers/hook-receiver';
import { provokeFaults, FAULTS } from '../../helpers/http-faults';
import { useEverything } from '../../helpers/http-good-calls';
import { refuseEverywhere, refuseInParticular } from '../../helpers/http-refusals';
import { freshDatabase, startMongo } from '../../helpers/mongo-server';

const visibility = {
  name: 'status-visibility',
  actions: {
    isPresenceDisabledFor: {
      handler: ({ params: [uid] }: { params: string[] }) => {
        if (uid === 'broken') throw new Error('a fault that nobody foresaw');
        if (uid === 'slow') return new Promise(() => undefined);
        return uid === 'disabled';
      },
    },
  },
};

/** What the document says is what is answered: each operation, each status, each code. */
describe('the OpenAPI document and the node', () => {
  let node: ApiNode;
  let book: ContractBook;
  let receiver: HookReceiver;

  beforeAll(async () => {
    receiver = await HookReceiver.start();
    const env = { CALLBACKS_ALLOW_PRIVATE: 'true', API_MAX_BODY: '20kb', MS_METRICS: 'true' };
    node = await startApiNode({ env, services: [visibility] });
    book = await ContractBook.of(node);
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await receiver.down();
  });

  test('what is right is answered as the document says', () => useEverything(book, node, receiver), 60_000);

  test('the same on MongoDB', async () => {
    const mongo = await startMongo();
    const { url: MONGO_URL } = freshDatabase(mongo);
    try {
      const env = { MONGO_URL, CALLBACKS_ALLOW_PRIVATE: 'true', MS_METRICS: 'true' };
      await withApiNode({ env, services: [visibility] }, (other) => useEverything(book, other, receiver));
    } finally {
      await mongo.stop();
    }
  }, 120_000);

  test('what concerns every operation is refused at each', () => refuseEverywhere(book, node), 60_000);

  test('what concerns some is refused there', () => refuseInParticular(book, node, receiver), 120_000);

  test('faults are told', () => provokeFaults(book, visibility), 120_000);

  test('nothing stands in the document that was not seen', () => {
    expect(book.missing(FAULTS)).toEqual([]);
  });
});
