/** Of one address; all tabs of an office behind one address open again at once when a node was restarted. */
export const MAX_OF_ADDRESS = 64;
export const MAX_UNAUTHENTICATED = 256;

/**
 * Connections that have not said who they are. Where there are too many the oldest goes: whoever authenticates at once gets in, however
 * many others never do.
 */
export class Unauthenticated<T> {
  /** The oldest first, as in `byAddress`. */
  private readonly all = new Map<T, string>();
  private readonly byAddress = new Map<string, Set<T>>();

  get size(): number {
    return this.all.size;
  }

  /** @returns the connection that has to go, if one has to */
  add(connection: T, address: string): T | undefined {
    const here = this.byAddress.get(address) ?? new Set<T>();
    const isTooMany = here.size >= MAX_OF_ADDRESS || this.all.size >= MAX_UNAUTHENTICATED;
    const [oldest] = here.size >= MAX_OF_ADDRESS ? here : this.all.keys();
    if (isTooMany && oldest !== undefined) this.delete(oldest);
    this.all.set(connection, address);
    this.byAddress.set(address, here.add(connection));
    return isTooMany ? oldest : undefined;
  }

  /** It has authenticated, or is gone. */
  delete(connection: T): void {
    const address = this.all.get(connection);
    if (address === undefined) return;
    this.all.delete(connection);
    const here = this.byAddress.get(address);
    if (here?.delete(connection) && here.size === 0) this.byAddress.delete(address);
  }
}
