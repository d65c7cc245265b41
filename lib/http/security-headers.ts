import type http from 'node:http';
import helmet from 'helmet';

type Secure = (req: http.IncomingMessage, res: http.ServerResponse, next: () => void) => void;

/**
 * helmet's defaults without Strict-Transport-Security: that binds a whole host, of which the node may be one path. The
 * proxy that ends TLS knows (docs/OPERATIONS.md).
 */
const OPTIONS = { strictTransportSecurity: false };

const overHttps: Secure = helmet(OPTIONS);
/** The same, but for what would have a browser ask for the page's parts by HTTPS, where the page itself came without. */
const overHttp: Secure = helmet({
  ...OPTIONS,
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
});

/**
 * Sets the headers by which browsers keep pages and answers from being misused.
 *
 * @param proxies that stand before this node, which say how they were asked (X-Forwarded-Proto)
 */
export function secure(req: http.IncomingMessage, res: http.ServerResponse, proxies: number): void {
  const isHttps = proxies > 0 && [req.headers['x-forwarded-proto']].flat().join().split(',').at(-1)?.trim() === 'https';
  (isHttps ? overHttps : overHttp)(req, res, () => undefined);
}
