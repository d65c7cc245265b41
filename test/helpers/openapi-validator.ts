import { execFile } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const PROGRAM = `
  const parser = require('@apidevtools/swagger-parser');
  require('node:stream/consumers').json(process.stdin)
    .then((document) => parser.validate(document))
    .catch((error) => { console.log(error.message); process.exitCode = 1; });
`;

/**
 * Validates an OpenAPI document, in a process of its own: the validator is made of ES modules, which jest cannot load.
 *
 * @throws Error that says what is wrong
 */
export function validateOpenApi(document: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-e', PROGRAM], { cwd: ROOT }, (error, stdout) => {
      if (error) reject(new Error(stdout || error.message));
      else resolve();
    });
    child.stdin!.end(JSON.stringify(document));
  });
}
