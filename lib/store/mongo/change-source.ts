import type { ChangeStream } from 'mongodb';
import type { MongoConnection } from './connection';

export const MARKERS_COLLECTION = 'presence_markers';
export const USERS_COLLECTION = 'users';

/** Told in the order of the writes. */
export interface ChangeHandlers {
  /**
   * A document of `users` was written or removed, by whomever.
   *
   * @param fields that an update has set or removed, and maybe others; told by the oplog alone
   */
  readonly changed: (uid: string, fields?: ReadonlySet<string>) => void;
  /** A marker was written. @param mark what it says */
  readonly marked: (id: string, mark: number) => void;
  /** Nothing more will be told. */
  readonly ended: () => void;
}

/** Where a database tells of what is written to it. */
export interface ChangeSource {
  /** Tells from now on. @returns what ends that; rejects where the database has nothing of the kind */
  open(handlers: ChangeHandlers): Promise<() => Promise<void>>;
}

/** Nothing of a user but his id is sent. */
const WHOSE = [
  { $match: { 'ns.coll': { $in: [USERS_COLLECTION, MARKERS_COLLECTION] } } },
  { $match: { operationType: { $in: ['insert', 'update', 'replace', 'delete'] } } },
  {
    $project: {
      ns: 1,
      operationType: 1,
      documentKey: 1,
      'fullDocument.mark': 1,
      'updateDescription.updatedFields.mark': 1,
    },
  },
];

interface Change {
  readonly ns?: { readonly coll?: string };
  readonly documentKey?: { readonly _id?: unknown };
  readonly fullDocument?: { readonly mark?: number };
  readonly updateDescription?: { readonly updatedFields?: { readonly mark?: number } };
}

/** A change stream over the database: every replica set has them. */
export function changeStreamOf(connection: MongoConnection): ChangeSource {
  return {
    async open({ changed, marked, ended }) {
      const stream = connection.watch<Change>(WHOSE);
      const tell = ({ ns, documentKey, fullDocument, updateDescription }: Change) => {
        const id = String(documentKey?._id);
        if (ns?.coll === USERS_COLLECTION) changed(id);
        else marked(id, updateDescription?.updatedFields?.mark ?? fullDocument?.mark ?? 0);
      };
      void tellAll(stream, tell).then(ended);
      return () => stream.close();
    },
  };
}

/**
 * Tells all changes of a stream. What breaks it off and allows to resume, the driver resumes itself, from the last change it was told of.
 *
 * @returns resolves when the stream has ended, by itself or closed
 */
export async function tellAll<Change extends object>(
  stream: ChangeStream<object, Change>,
  tell: (change: Change) => void,
): Promise<void> {
  try {
    for await (const change of stream) tell(change);
  } catch {
    // Ended: whoever needs it opens another.
  }
}
