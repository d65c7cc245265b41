import { CacheFixture } from '../../helpers/cache-fixture';
import { freePort } from '../../helpers/free-port';
import { READ_TOKEN, SocketUser, TOKENS } from '../../helpers/socket-client';

/** What others write to the database itself is told as well. */
describe.each([
  ['a change stream', false],
  ['the oplog', true],
])('the WebSocket and what core writes itself, heard of from %s', (_what, withOplog) => {
  let fixture: CacheFixture;
  let user: SocketUser;

  beforeAll(async () => {
    const port = await freePort();
    fixture = await CacheFixture.start({}, withOplog);
    await fixture.replica('presence-http', undefined, { PORT: String(port), API_TOKENS: TOKENS });
    user = await SocketUser.open(port, { token: READ_TOKEN });
  });
  afterAll(async () => {
    user.cut();
    await fixture.stop();
  });

  test('a user is written, renamed and removed', async () => {
    user.subscribe(['ann', 'bob']);
    await user.knows({ ann: 'unknown', bob: 'unknown' });
    const users = fixture.db.collection<{ _id: string; username: string; status: string }>('users');
    await users.insertOne({ _id: 'ann', username: 'ann', status: 'busy' });
    await user.knows({ ann: 'busy' });
    await users.updateOne({ _id: 'ann' }, { $set: { username: 'ann.smith' } });
    await user.hears(({ op }) => op === 'changes' && nameOf(user, 'ann') === 'ann.smith');
    await users.updateMany({}, { $set: { status: 'offline' } });
    await user.knows({ ann: 'offline' });
    await users.deleteOne({ _id: 'ann' });
    await user.knows({ ann: 'unknown', bob: 'unknown' });
  });

  test('a subscriber to all is told of one who was not there', async () => {
    user.subscribe('all');
    await user.answered();
    const users = fixture.db.collection<{ _id: string; status: string }>('users');
    await users.insertOne({ _id: 'cleo', status: 'online' });
    await user.knows({ cleo: 'online' });
  });
});

const nameOf = ({ picture }: SocketUser, uid: string) =>
  (picture.users.get(uid) as { username?: string } | undefined)?.username;
