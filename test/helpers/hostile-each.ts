/**
 * How often each attack is made. HOSTILE_EACH names another number for all of them: 10000 for the figures of a release.
 *
 * @param usual the number in `npm test`
 */
export function hostileEach(usual: number): number {
  return Number(process.env.HOSTILE_EACH ?? usual);
}
