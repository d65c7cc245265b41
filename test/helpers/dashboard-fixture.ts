import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser } from './browser';
import { eventually } from './eventually';
import { freePort } from './free-port';
import { startNats, type NatsServer } from './nats-server';
import { NodeProcess } from './node-process';
import { startRocketChatNode, type RocketChatNode } from './rocket-chat-node';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
export const READ_TOKEN = 'reading-token-of-the-tests';
const TOKENS = `boss:admin:${ADMIN_TOKEN},guest:read:${READ_TOKEN}`;
/** Below Jest's own, so that a failure names the step. */
const STEP_WITHIN_MS = 20_000;
const STARTS_WITHIN = { timeoutMs: 30_000 };

/** What a page must not do: each fault is told in one line. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the console, in scripts and of the Content-Security-Policy, and requests to other hosts. */
  readonly faults: string[];
}

interface VisitOptions {
  readonly colorScheme?: 'dark' | 'light';
  readonly width?: number;
  /** Else the one of this machine. */
  readonly timezoneId?: string;
}

/** The node in a process of its own with the embedded store, a Rocket.Chat node beside it on the bus, and a browser. */
export class DashboardFixture {
  private constructor(
    private readonly nats: NatsServer,
    private readonly core: RocketChatNode,
    private readonly port: number,
    private readonly browser: Browser,
    private readonly env: Readonly<Record<string, string>>,
    private node: StartedNode,
  ) {}

  /** @param env more of the node's configuration */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<DashboardFixture> {
    const [nats, port] = [await startNats(), await freePort()];
    const core = await startRocketChatNode(nats.url, 'core-1', [], { patient: true });
    const node = await startNode(core, nats.url, { ...env, PORT: String(port) });
    return new DashboardFixture(nats, core, port, await startBrowser(), env, node);
  }

  /** Of the node whose pages are visited. */
  get nodeID(): string {
    return this.node.id;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A page of a browser that has never been here. */
  async visit(options: VisitOptions = {}): Promise<Watched> {
    const { colorScheme = 'light', width = 1280, timezoneId } = options;
    const viewport = { width, height: 900 };
    const context = await this.browser.newContext({ colorScheme, viewport, ...(timezoneId && { timezoneId }) });
    context.setDefaultTimeout(STEP_WITHIN_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (new URL(request.url()).host !== new URL(this.url).host) faults.push(`foreign: ${request.url()}`);
    });
    await page.goto(this.url);
    return { page, context, faults };
  }

  async signIn(page: Page, token = ADMIN_TOKEN): Promise<void> {
    await page.getByLabel('Access token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
  }

  /** Calls an action of the presence service as Rocket.Chat's node does; a node that was killed is not asked. */
  call(action: string, ...args: unknown[]): Promise<unknown> {
    return this.core.callAt(this.node.id, action, ...args);
  }

  /** Calls an action of another service of the node. */
  callService(action: string, params: Record<string, unknown>): Promise<unknown> {
    return this.core.broker.call(action, params, { nodeID: this.node.id });
  }

  /** Another node on the same bus, with a store of its own; whoever starts it ends it. */
  async addNode(): Promise<StartedNode> {
    return startNode(this.core, this.nats.url, { PORT: String(await freePort()) });
  }

  /** The end without notice, and a new process on the same port that has nothing of the old one. */
  async replaceNode(): Promise<void> {
    await this.node.process.end('SIGKILL');
    this.node = await startNode(this.core, this.nats.url, { ...this.env, PORT: String(this.port) });
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.core.stop();
    await this.node.process.end('SIGTERM');
    await this.nats.stop();
  }
}

export interface StartedNode {
  readonly id: string;
  readonly process: NodeProcess;
}

let started = 0;

async function startNode(core: RocketChatNode, natsUrl: string, env: Record<string, string>): Promise<StartedNode> {
  const id = `presence-${++started}`;
  const process = NodeProcess.start({
    TRANSPORTER: natsUrl,
    DATA_DIR: ':memory:',
    DRAIN_TIME: '0',
    INSTANCE_ID: id,
    LOG_LEVEL: 'warn',
    API_TOKENS: TOKENS,
    ...env,
  });
  try {
    await eventually(() => core.callAt(id, 'getConnectionCount'), STARTS_WITHIN);
    return { id, process };
  } catch (error) {
    await process.end('SIGKILL');
    throw new Error(`the node does not serve:\n${process.output}`, { cause: error });
  }
}
