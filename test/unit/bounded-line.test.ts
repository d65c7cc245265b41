import { BoundedLine } from '../../lib/bounded-line';

/** Work that ends when it is told to. */
function held() {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  return { work: jest.fn(() => done), end };
}

test('so many run at once, so many wait in order, and one more is refused', async () => {
  const line = new BoundedLine({ atOnce: 2, waiting: 2 });
  const works = [held(), held(), held(), held()];
  const runs = works.map(({ work }) => line.run(work));
  await expect(line.run(() => Promise.resolve())).rejects.toMatchObject({ type: 'BUSY', retryable: true });
  expect(works.map(({ work }) => work.mock.calls.length)).toEqual([1, 1, 0, 0]);
  works[0]!.end();
  await runs[0];
  await Promise.resolve();
  expect(works.map(({ work }) => work.mock.calls.length)).toEqual([1, 1, 1, 0]);
  for (const { end } of works) end();
  await Promise.all(runs);
  expect(works[3]!.work).toHaveBeenCalledTimes(1);
});

test('work that fails gives its place to the next', async () => {
  const line = new BoundedLine({ atOnce: 1, waiting: 1 });
  const failing = line.run(() => Promise.reject(new Error('no')));
  const next = line.run(() => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('no');
  await expect(next).resolves.toBe('done');
  await expect(line.run(() => Promise.resolve('again'))).resolves.toBe('again');
});
