import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggerInstance } from 'moleculer';
import type { Msg, NatsConnection } from 'nats';
import { throttled } from '../throttled';
import { TokenBucket } from '../socket/token-bucket';

/** How packets look on this bus, and who this process is on it. */
export interface ClaimBus {
  readonly prefix: string;
  readonly nodeID: string;
  /** Another one for each process. */
  readonly instanceID: string;
  /** Of Moleculer's protocol. */
  readonly version: string;
  encode(payload: object, type: string): Uint8Array;
  /** May throw. */
  decode(bytes: Uint8Array, type: string): unknown;
}

export interface ClaimOptions {
  readonly bus: ClaimBus;
  readonly log: Pick<LoggerInstance, 'error' | 'warn'>;
  /** Told when the node id is another process's: this one must end, without a word to the bus. */
  readonly onTaken: (message: string) => void;
}

/** What a process says about the node id it wants or has. */
export interface Claim {
  readonly instanceID: string;
  /** Milliseconds since it has the id; 0 while it is joining. */
  readonly heldForMs: number;
}

/** Times in milliseconds. */
const ASK_EVERY_MS = 250;
/** A process of this id that lives has answered by then. Only waited for where the bus knows of a subscriber. */
const ANSWERS_WITHIN_MS = 2000;
/** A process that is stopping is gone by then (SHUTDOWN_TIMEOUT_MS, and some). */
const LEAVES_WITHIN_MS = 15_000;
const HEAR_EVERY_MS = 5000;
const SAY_EVERY_MS = 60_000;
const CLAIMS_A_SECOND = 20;
const NOBODY_LISTENS = '503';
const TIMED_OUT = 'TIMEOUT';
const NOT_ALLOWED = 'PERMISSIONS_VIOLATION';

/** Whether the first of two claims stands: who has had the id for longer; of two that are joining the one with the lower instance id. Pure. */
export function precedes(one: Claim, other: Claim): boolean {
  if (one.heldForMs !== other.heldForMs) return one.heldForMs > other.heldForMs;
  return one.instanceID < other.instanceID;
}

/**
 * Sees to it that a node id is one process's. Who joins asks the bus first: a DISCOVER for the id, sent under another name, which any Moleculer
 * node answers with its INFO. Processes that join at the same moment settle it by claims among themselves, as do two that were apart when they
 * joined. A process that holds its id ends only when another one answers its own question; no packet that merely arrives can end it.
 */
export class InstanceClaim {
  private readonly subject: string;
  private readonly answers = new TokenBucket(CLAIMS_A_SECOND, CLAIMS_A_SECOND);
  private readonly heard: (instance: string) => void;
  private readonly complain: (instance: string) => void;
  private client: NatsConnection | undefined;
  private heldSinceMs: number | undefined;
  private isAsking = false;

  constructor(private readonly options: ClaimOptions) {
    const { bus, log } = options;
    this.subject = `${bus.prefix}.INSTANCE.${bus.nodeID}`;
    this.heard = throttled(HEAR_EVERY_MS, () => this.assert());
    this.complain = throttled(SAY_EVERY_MS, (instance) =>
      log.error(
        `INSTANCE_ID ${bus.nodeID} is used by another process of the bus (instance ${instance}) too: it must be unique`,
      ),
    );
  }

  /**
   * For a client that has just connected, before anything else is done with it.
   *
   * @param returnWithinMs how long others may take to come back to the bus, where it was away
   * @throws Error where the id is another process's (which `onTaken` has been told), or the connection is lost
   */
  async take(client: NatsConnection, returnWithinMs: number): Promise<void> {
    this.client = client;
    if (this.heldSinceMs === undefined) {
      const rival = await this.ask(client, returnWithinMs);
      if (rival !== undefined) throw this.taken(rival);
    }
    client.subscribe(this.subject, { callback: (error, message) => this.claimed(error, message) });
    this.publish();
    await client.flush();
  }

  /** This node is on the bus. */
  hold(): void {
    this.heldSinceMs ??= performance.now();
  }

  /** Says what this process has, for whoever has joined meanwhile. */
  assert(): void {
    if (this.heldSinceMs !== undefined) this.publish();
  }

  /** Of every packet that arrives. */
  hear(payload: unknown): void {
    const { sender, instanceID } = (payload ?? {}) as { sender?: unknown; instanceID?: unknown };
    const { bus } = this.options;
    if (sender !== bus.nodeID || typeof instanceID !== 'string' || instanceID === bus.instanceID) return;
    this.complain(instanceID.slice(0, 80));
    this.heard(instanceID);
  }

  private get mine(): Claim {
    const { instanceID } = this.options.bus;
    const heldForMs = this.heldSinceMs === undefined ? 0 : Math.max(1, performance.now() - this.heldSinceMs);
    return { instanceID, heldForMs };
  }

  private publish(): void {
    if (!this.client || this.client.isClosed()) return;
    this.client.publish(this.subject, JSON.stringify(this.mine));
  }

  private claimed(error: Error | null, message: Msg): void {
    const rival = error ? undefined : claimIn(message);
    if (!rival || rival.instanceID === this.options.bus.instanceID) return;
    if (!precedes(rival, this.mine)) {
      if (this.answers.take()) this.publish();
    } else if (this.heldSinceMs === undefined) this.taken('');
    else void this.verify();
  }

  /** Anything may have been claimed: only a process that answers to this id is one. */
  private async verify(): Promise<void> {
    const { client } = this;
    if (!client || this.isAsking) return;
    this.isAsking = true;
    try {
      const rival = await this.ask(client, 0);
      if (rival !== undefined) this.taken(rival);
    } catch {
      // The connection is lost: asked again when it is back.
    } finally {
      this.isAsking = false;
    }
  }

  private taken(host: string): Error {
    const { bus, onTaken } = this.options;
    const message = `INSTANCE_ID ${bus.nodeID} is in use by another process of the bus${host && ` on ${host}`}: this process ends; set INSTANCE_ID to a value of its own`;
    onTaken(message);
    return new Error(message);
  }

  /** @returns the host of another process that has this id; undefined where none answers, or it has left */
  private async ask(client: NatsConnection, returnWithinMs: number): Promise<string | undefined> {
    const { bus } = this.options;
    const asker = `${bus.nodeID}.asks.${randomUUID()}`;
    let found: Found | undefined;
    const callback = (error: Error | null, { data }: Msg) => {
      if (!error) found = this.foundIn(data) ?? found;
    };
    const answers = client.subscribe(`${bus.prefix}.INFO.${asker}`, { callback });
    const question = bus.encode({ ver: bus.version, sender: asker }, 'DISCOVER');
    const beganMs = performance.now();
    try {
      for (;;) {
        const outcome = await this.send(client, question);
        if (found && !found.isLeaving) return found.host;
        const answersWithinMs = found ? LEAVES_WITHIN_MS : ANSWERS_WITHIN_MS;
        const isFree = outcome === NOBODY_LISTENS;
        const patienceMs = Math.max(returnWithinMs, isFree ? 0 : answersWithinMs);
        if (outcome === NOT_ALLOWED || performance.now() - beganMs >= patienceMs)
          return isFree ? undefined : found?.host;
        if (isFree) await delay(ASK_EVERY_MS);
      }
    } finally {
      answers.unsubscribe();
    }
  }

  /** The server itself says at once where no subscriber is. */
  private async send(client: NatsConnection, question: Uint8Array): Promise<string> {
    const { bus, log } = this.options;
    const subject = `${bus.prefix}.DISCOVER.${bus.nodeID}`;
    try {
      await client.request(subject, question, { timeout: ASK_EVERY_MS, noMux: true });
    } catch (thrown) {
      const { code } = thrown as { code?: string };
      if (code === NOT_ALLOWED)
        log.warn(`NATS does not let this node ask who has INSTANCE_ID ${bus.nodeID}: it is not checked`);
      if (code === NOT_ALLOWED || code === NOBODY_LISTENS) return code;
      if (code !== TIMED_OUT) throw thrown;
    }
    return TIMED_OUT;
  }

  private foundIn(bytes: Uint8Array): Found | undefined {
    const { bus } = this.options;
    try {
      const { sender, instanceID, hostname, services } = (bus.decode(bytes, 'INFO') ?? {}) as Record<string, unknown>;
      if (sender !== bus.nodeID || typeof instanceID !== 'string' || instanceID === bus.instanceID) return undefined;
      const host = typeof hostname === 'string' ? hostname.slice(0, 80) : 'another host';
      return { host, isLeaving: Array.isArray(services) && services.length === 0 };
    } catch {
      return undefined;
    }
  }
}

/** Another process that has the id. */
interface Found {
  readonly host: string;
  /** It offers nothing any more: Moleculer says so when it stops. */
  readonly isLeaving: boolean;
}

function claimIn(message: Msg): Claim | undefined {
  try {
    const { instanceID, heldForMs } = message.json<Record<string, unknown>>();
    const isClaim = typeof instanceID === 'string' && typeof heldForMs === 'number' && heldForMs >= 0;
    return isClaim ? { instanceID, heldForMs } : undefined;
  } catch {
    return undefined;
  }
}
