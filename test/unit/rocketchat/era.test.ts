import { eraOf } from '../../../lib/rocketchat/era';

describe('which Rocket.Chat it is', () => {
  test.each([
    ['6.0.0', true, 'connections'],
    ['7.12.3', true, 'connections'],
    ['8.0', true, 'heartbeats'],
    ['8.5.9', true, 'heartbeats'],
    ['8.6', true, 'claims'],
    ['10.1.0-rc.2', true, 'claims'],
    ['5.4.9', false, 'older than 6.0'],
    ['0.74.3', false, 'older than 6.0'],
    ['develop', false, 'which is none'],
    ['', false, 'which is none'],
  ])('%j', (version, isSupported, said) => {
    expect(eraOf(version)).toMatchObject({ version, isSupported, said: expect.stringContaining(said) as string });
  });
});
