import { constants, promises as fs } from 'node:fs';

/** Who was where and when is for the owner of the process alone. */
const PRIVATE = 0o700;
const OTHERS = 0o077;

/**
 * Makes the folder of the embedded store, closed to other users of the machine. One that is there already and is this user's
 * own is closed to them too; another user's (a mounted volume) stays as it is.
 *
 * @throws Error that names DATA_DIR where it is no folder or cannot be written
 */
export async function makeDataDirectory(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true, mode: PRIVATE });
    await fs.access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { mode, uid } = await fs.stat(folder);
    if ((mode & OTHERS) !== 0 && uid === process.getuid?.()) await fs.chmod(folder, PRIVATE);
  } catch (thrown) {
    throw new Error(`DATA_DIR ${folder}: ${reasonOf(thrown as NodeJS.ErrnoException)}`, { cause: thrown });
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'is no folder';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `cannot be written by this process (${code})`;
    default:
      return `cannot be used (${message})`;
  }
}
