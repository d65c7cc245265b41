import type http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceBroker } from 'moleculer';
import type { Config } from '../config/env';
import { asError, PresenceError } from '../wire/errors';
import type { Access, Caller } from './access';
import { crossOrigin } from './cors';
import { Doorway } from './doorway';
import { answerProblem, pathOf, type ApiRequest } from './gateway';
import { asGatewayTakesIt, refuseMethod } from './gateway-entry';
import { answerHealth, asksForHealth, HEALTH_PATH } from './health';
import { METRICS_TYPE, metricsText } from './metrics-text';
import { openApi } from './openapi';
import { PAGE_PATHS, Pages } from './pages';
import { problemOf } from './problems';
import type { RateLimit } from './rate-limit';
import { projectVersion } from './project-root';
import { API_PATH } from './routes';
import { secure } from './security-headers';
import { sendTagged, tagged } from './tagged-text';

export interface EdgeOptions {
  readonly config: Config;
  readonly broker: ServiceBroker;
  readonly access: Access;
  /** Requests, by caller. */
  readonly requests: RateLimit;
  /** Answers what is asked for under /api/v1, once it is known who asks. */
  readonly gateway: (req: ApiRequest, res: http.ServerResponse) => Promise<void>;
  /** Whether the services are there by which requests are answered. */
  readonly isServing: () => boolean;
  readonly log: Pick<ServiceBroker['logger'], 'debug' | 'error'>;
}

/** Requests that come while the node starts wait so long, and so many. */
const STARTS_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 20;
const MAX_HELD = 1_000;

const METRICS_PATH = '/metrics';
const DOCUMENT_PATH = '/openapi.json';
/** What can only be looked at. */
const READ_ONLY = [HEALTH_PATH, METRICS_PATH, DOCUMENT_PATH, ...PAGE_PATHS];

/** Everything that is asked for over HTTP: probes and pages, which are for anybody, and what is for those who are known. */
export class Edge {
  private readonly doorway: Doorway;
  private held = 0;
  private readonly pages = new Pages();
  private readonly document = tagged(JSON.stringify(openApi(projectVersion())), 'application/json');

  constructor(private readonly options: EdgeOptions) {
    const { access, config, requests } = options;
    this.doorway = new Doorway({ access, requests, proxies: config.TRUSTED_PROXIES });
  }

  /** Answers; whatever goes wrong is answered as a problem. */
  async answer(req: ApiRequest, res: http.ServerResponse): Promise<void> {
    this.note(req, res);
    try {
      await this.route(req, res);
    } catch (thrown) {
      this.failed(req, res, thrown);
    }
  }

  /** As the gateway hands over what it or an action threw. */
  failed(req: ApiRequest, res: http.ServerResponse, thrown: unknown): void {
    // Not the error itself: it may hold the request, with its token.
    if (problemOf(thrown).code === 'INTERNAL') this.options.log.error(`a request failed: ${asError(thrown).stack}`);
    answerProblem(req, res, thrown);
  }

  private async route(req: ApiRequest, res: http.ServerResponse): Promise<void> {
    const { config, broker, gateway } = this.options;
    secure(req, res, config.TRUSTED_PROXIES);
    if (asksForHealth(req)) return answerHealth(broker, req, res);
    if (req.headers.host === undefined) throw new PresenceError('MALFORMED_REQUEST', 'the header Host is missing');
    if (crossOrigin(config.CORS_ORIGINS, req, res)) return;
    const path = pathOf(req);
    if (path === API_PATH || path.startsWith(`${API_PATH}/`)) {
      req.caller = await this.enter(req, res);
      asGatewayTakesIt(req, res, path);
      return gateway(req, res);
    }
    if (!(await this.answerOther(path, req, res))) {
      throw new PresenceError('NOT_FOUND', 'there is nothing at this address');
    }
  }

  /** While the node starts, which takes as long as its bus and its store are away, it is not known who may enter. */
  private async enter(req: ApiRequest, res: http.ServerResponse): Promise<Caller> {
    await this.serving();
    return this.doorway.enter(req, res);
  }

  /** A node that is just starting answers in a moment: a proxy that makes no probes sends it requests before that. */
  private async serving(): Promise<void> {
    const givesUpAtMs = performance.now() + STARTS_WITHIN_MS;
    this.held += 1;
    try {
      while (!this.options.isServing()) {
        if (this.held > MAX_HELD || performance.now() > givesUpAtMs)
          throw new PresenceError('UNAVAILABLE', 'this node is starting; /health says what is missing');
        await delay(LOOK_EVERY_MS);
      }
    } finally {
      this.held -= 1;
    }
  }

  private async answerOther(path: string, req: ApiRequest, res: http.ServerResponse): Promise<boolean> {
    const reads = req.method === 'GET' || req.method === 'HEAD';
    if (!reads && READ_ONLY.includes(path)) refuseMethod(res, ['GET', 'HEAD']);
    if (path !== DOCUMENT_PATH && path !== METRICS_PATH) return this.pages.answer(path, req, res);
    if (path === DOCUMENT_PATH) {
      sendTagged(this.document, req, res);
      return true;
    }
    // Whoever is let in at all may read.
    if (!this.options.config.METRICS_OPEN) await this.enter(req, res);
    const text = metricsText(this.options.broker);
    res.writeHead(200, { 'content-type': METRICS_TYPE, 'cache-control': 'no-store' }).end(text);
    return true;
  }

  /** A line for each answer, at debug. Neither the query, which may name people, nor any header. */
  private note(req: ApiRequest, res: http.ServerResponse): void {
    const [{ method }, path, startedAt] = [req, pathOf(req), performance.now()];
    res.once('close', () => {
      const tookMs = Math.round(performance.now() - startedAt);
      const outcome = res.writableFinished ? `${res.statusCode}` : 'broken off';
      this.options.log.debug(`${method} ${path} ${outcome} ${tookMs} ms ${req.caller?.name ?? '-'}`);
    });
  }
}
