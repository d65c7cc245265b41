import MongoDbAdapter from 'moleculer-db-adapter-mongo';
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { mendClosedSockets } from './closed-sockets';

/**
 * moleculer-db's adapter on today's driver. The adapter's own `connect` listens for events of `Db`, which has been no emitter since
 * driver 4. Only the connection is used here: the store has its own operations.
 */
export class PresenceAdapter extends MongoDbAdapter {
  readonly client: MongoClient;
  readonly db: Db;

  constructor(url: string, options: MongoClientOptions) {
    super(url, options);
    mendClosedSockets();
    this.client = new MongoClient(url, options);
    this.db = this.client.db();
  }

  override async connect(): Promise<void> {
    await this.client.connect();
    this.collection = this.db.collection('users');
  }

  /** The adapter's own does not wait for the end. */
  override disconnect(): Promise<void> {
    return this.client.close();
  }
}
