import { isPublic, MAX_URL, refusalOf } from '../../../lib/callbacks/target';

const STRICT = { allowPrivate: false };
const PRIVATE = { allowPrivate: true };

/** Of every special-purpose block the first and the last address, and some in between. */
const NOT_PUBLIC = [
  ...['0.0.0.0', '0.1.2.3', '0.255.255.255'],
  ...['10.0.0.0', '10.0.0.1', '10.255.255.255'],
  ...['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  ...['127.0.0.0', '127.0.0.1', '127.8.8.8', '127.255.255.255'],
  ...['169.254.0.0', '169.254.169.254', '169.254.255.255'],
  ...['172.16.0.0', '172.31.255.255'],
  ...['192.0.0.0', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.0', '192.168.255.255'],
  ...['198.18.0.0', '198.19.255.255', '198.51.100.7', '203.0.113.7'],
  ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::2', '::7f00:1', '::127.0.0.1'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '::ffff:0:127.0.0.1'],
  ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '100::1'],
  ...['2001::1', '2001:0:7f00:1::', '2001:10::1', '2001:20::1', '2001:db8::1'],
  ...['2002:7f00:1::', '2002:a00:1::1', '3fff::1', '5f00::1'],
  ...['fc00::1', 'fd00::1', 'fdff:ffff::1', 'fd00:ec2::254'],
  ...['fe80::1', 'febf::1', 'fec0::1', 'ff02::1', 'ff0e::1'],
];
const PUBLIC = [
  ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
  ...['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '198.17.255.255'],
  ...['198.20.0.0', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888'],
];
const inUrl = (address: string) => `https://${address.includes(':') ? `[${address}]` : address}/hook`;

describe('addresses', () => {
  test.each(NOT_PUBLIC)('%s is refused, looked up or written', (address) => {
    expect(isPublic(address)).toBe(false);
    expect(refusalOf(inUrl(address), STRICT)).toMatch(/^is not a public address/);
    expect(refusalOf(inUrl(address), PRIVATE)).toBeUndefined();
  });

  test.each(PUBLIC)('%s is taken', (address) => {
    expect(isPublic(address)).toBe(true);
    expect(refusalOf(inUrl(address), STRICT)).toBeUndefined();
  });

  test.each(['', 'example.com', '999.1.1.1', '127.1', 'fe80::1%eth0', '8.8.8.8 ', '::1%lo'])(
    '%j, which no lookup should answer, is not public',
    (address) => expect(isPublic(address)).toBe(false),
  );
});

describe('targets', () => {
  test.each([
    'https://127.1/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://2130706433/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://127.0.0.1:8443/',
    'https://①②⑦.⓪.⓪.①/',
    'https://0/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://api.localhost:9/',
    'https://lоcalhost.localhost/',
    'https:127.0.0.1',
    'https:\\\\127.0.0.1\\',
    ' https://127.0.0.1',
  ])('%s lead to this machine', (target) => {
    expect(refusalOf(target, STRICT)).toMatch(/^is not a public address/);
    expect(refusalOf(target, PRIVATE)).toBeUndefined();
  });

  test.each([
    ['http://example.com/', /^is not https/],
    ['http://127.0.0.1/', /^is not https/],
    ['ftp://example.com/', /^is neither https nor http/],
    ['file:///etc/passwd', /^is neither https nor http/],
    ['gopher://example.com/', /^is neither https nor http/],
    ['javascript:alert(1)', /^is neither https nor http/],
    ['', /^is not a URL/],
    ['//example.com', /^is not a URL/],
    ['/hook', /^is not a URL/],
    ['https://', /^is not a URL/],
    ['https://999.1.1.1/', /^is not a URL/],
    ['https://[fe80::1%25eth0]/', /^is not a URL/],
    ['https://example.com:99999/', /^is not a URL/],
    ['https://ann@example.com/', /^holds credentials/],
    ['https://ann:secret@example.com/', /^holds credentials/],
    ['https://:secret@example.com/', /^holds credentials/],
    [`https://example.com/${'x'.repeat(MAX_URL)}`, /^is longer/],
  ])('%s are refused: %s', (target, reason) => {
    expect(refusalOf(target, STRICT)).toMatch(reason);
    expect(refusalOf(target, STRICT)).not.toMatch(/secret/);
  });

  test.each(['https://example.com', 'https://example.com:8443/a?b=c', 'https://notlocalhost.com/', 'https://8.8.8.8/'])(
    '%s are taken',
    (target) => expect(refusalOf(target, STRICT)).toBeUndefined(),
  );

  test.each(['http://10.0.0.1/', 'http://localhost:3000/hook', 'https://[::1]/'])(
    '%s are taken where private ones are allowed',
    (target) => expect(refusalOf(target, PRIVATE)).toBeUndefined(),
  );

  test('are never other than http and without credentials, also where private ones are allowed', () => {
    expect(refusalOf('file:///etc/passwd', PRIVATE)).toMatch(/neither/);
    expect(refusalOf('http://ann:secret@10.0.0.1/', PRIVATE)).toMatch(/credentials/);
  });
});
