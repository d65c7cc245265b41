import { readdirSync, readFileSync } from 'node:fs';
import type http from 'node:http';
import path from 'node:path';
import { projectRoot } from './project-root';
import { sendTagged, tagged, type Tagged } from './tagged-text';

const DOCS_PATH = '/docs';
const ASSETS = '/assets/';
/** The pages themselves, without their parts. */
export const PAGE_PATHS: readonly string[] = ['/', DOCS_PATH];

const DOCS = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Presence: the HTTP API</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/** Without the badge of a validator, which would be another host's. */
const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', validatorUrl: null });
`;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const UPLOT = /^uPlot\.(min\.css|esm\.js|iife\.min\.js)$/;
const SWAGGER = /^(swagger-ui\.css|swagger-ui-bundle\.js|favicon-\d\dx\d\d\.png)$/;

/**
 * Pages and what they are made of: the dashboard, and the API's document to read and try. All from here, nothing from other hosts.
 * Every file is read once: an answer holds no descriptor, however slowly it is read.
 */
export class Pages {
  private readonly files = new Map<string, Tagged>();

  constructor(folder = path.join(projectRoot(), 'dashboard')) {
    this.addFolder(ASSETS, folder);
    this.addFolder(`${ASSETS}vendor/uplot/`, path.dirname(require.resolve('uplot/dist/uPlot.min.css')), UPLOT);
    this.addFolder(`${DOCS_PATH}/`, path.dirname(require.resolve('swagger-ui-dist/package.json')), SWAGGER);
    this.files.set('/', this.files.get(`${ASSETS}index.html`)!);
    this.files.set(DOCS_PATH, tagged(DOCS, TYPES['.html']!));
    this.files.set(`${DOCS_PATH}/start.js`, tagged(START, TYPES['.js']!));
  }

  /**
   * Answers GET and HEAD of a page or of one of its files.
   *
   * @param pathname of the request, without its query
   * @returns false where there is no such file: nothing was answered
   */
  answer(pathname: string, req: http.IncomingMessage, res: http.ServerResponse): boolean {
    const file = this.files.get(pathname);
    if (!file || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
    sendTagged(file, req, res);
    return true;
  }

  /** @param names of the files that are served; absent: all whose type is known */
  private addFolder(at: string, folder: string, names?: RegExp): void {
    for (const entry of readdirSync(folder, { recursive: names === undefined, withFileTypes: true })) {
      const type = TYPES[path.extname(entry.name)];
      if (!entry.isFile() || !type || (names && !names.test(entry.name))) continue;
      const file = path.join(entry.parentPath, entry.name);
      const pathname = `${at}${path.relative(folder, file).split(path.sep).join('/')}`;
      this.files.set(pathname, tagged(readFileSync(file), type));
    }
  }
}
