import type http from 'node:http';
import path from 'node:path';
import serveStatic from 'serve-static';
import { projectRoot } from './project-root';

type Serve = (req: http.IncomingMessage, res: http.ServerResponse, next: (error?: unknown) => void) => void;

interface Files {
  /** The path under which they are served. */
  readonly at: string;
  readonly serve: Serve;
  readonly names: RegExp;
}

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

const TEXTS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  [DOCS_PATH]: ['text/html; charset=utf-8', DOCS],
  [`${DOCS_PATH}/start.js`]: ['text/javascript; charset=utf-8', START],
};

/** Pages and what they are made of: the dashboard, and the API's document to read and try. All from here, nothing from other hosts. */
export class Pages {
  private readonly dashboard: Serve;
  private readonly packages: readonly Files[];

  constructor(folder = path.join(projectRoot(), 'dashboard')) {
    this.dashboard = filesOf(folder);
    this.packages = [
      {
        at: `${ASSETS}vendor/uplot/`,
        serve: filesOf(path.dirname(require.resolve('uplot/dist/uPlot.min.css'))),
        names: /^uPlot\.(min\.css|esm\.js|iife\.min\.js)$/,
      },
      {
        at: `${DOCS_PATH}/`,
        serve: filesOf(path.dirname(require.resolve('swagger-ui-dist/package.json'))),
        names: /^(swagger-ui\.css|swagger-ui-bundle\.js|favicon-\d\dx\d\d\.png)$/,
      },
    ];
  }

  /**
   * Answers GET and HEAD of a page or of one of its files.
   *
   * @param pathname of the request, without its query
   * @returns false where there is no such file: nothing was answered
   */
  async answer(pathname: string, req: http.IncomingMessage, res: http.ServerResponse): Promise<boolean> {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    const text = Object.hasOwn(TEXTS, pathname) ? TEXTS[pathname] : undefined;
    if (text) {
      res.writeHead(200, { 'content-type': text[0], 'cache-control': 'no-cache' }).end(text[1]);
      return true;
    }
    for (const { at, names, serve } of this.packages) {
      if (!pathname.startsWith(at)) continue;
      const name = pathname.slice(at.length);
      return names.test(name) && from(serve, `/${name}`, req, res);
    }
    if (pathname === '/') return from(this.dashboard, '/index.html', req, res);
    return pathname.startsWith(ASSETS) && from(this.dashboard, pathname.slice(ASSETS.length - 1), req, res);
  }
}

/** Asked for anew each time, for an upgrade must be seen; a 304 costs nothing. */
function filesOf(folder: string): Serve {
  return serveStatic(folder, { index: false, redirect: false, dotfiles: 'ignore', maxAge: 0 }) as Serve;
}

function from(serve: Serve, url: string, req: http.IncomingMessage, res: http.ServerResponse): Promise<boolean> {
  const asked = req.url;
  req.url = url;
  return new Promise((resolve) => {
    res.once('close', () => resolve(true));
    serve(req, res, () => {
      req.url = asked;
      resolve(false);
    });
  });
}
