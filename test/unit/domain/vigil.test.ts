import { Vigil } from '../../../domain/vigil';

const MAX_GAP = 5000;

describe('a vigil', () => {
  test('lasts from the first look at which everything was there', () => {
    const vigil = new Vigil(MAX_GAP);
    expect(vigil.lastedMs(0)).toBe(0);
    expect(vigil.look(true, 1000)).toBe(false);
    expect(vigil.look(true, 4000)).toBe(false);
    expect(vigil.lastedMs(5000)).toBe(4000);
  });

  test('breaks when something is away, and begins anew when all is there', () => {
    const vigil = new Vigil(MAX_GAP);
    vigil.look(true, 0);
    expect(vigil.look(false, 1000)).toBe(true);
    expect(vigil.lastedMs(2000)).toBe(0);
    expect(vigil.look(true, 3000)).toBe(false);
    expect(vigil.lastedMs(4000)).toBe(1000);
  });

  test('breaks when nobody looked for too long, and begins anew with the late look', () => {
    const vigil = new Vigil(MAX_GAP);
    vigil.look(true, 0);
    expect(vigil.look(true, MAX_GAP)).toBe(false);
    expect(vigil.look(true, 2 * MAX_GAP + 1)).toBe(true);
    expect(vigil.lastedMs(3 * MAX_GAP)).toBe(MAX_GAP - 1);
  });

  test('can be broken by word, and begins anew with the next look', () => {
    const vigil = new Vigil(MAX_GAP);
    vigil.look(true, 0);
    vigil.break();
    expect(vigil.lastedMs(1000)).toBe(0);
    vigil.look(true, 2000);
    expect(vigil.lastedMs(3000)).toBe(1000);
  });
});
