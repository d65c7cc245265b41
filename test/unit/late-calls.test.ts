import type { Middleware } from 'moleculer';
import { lateCallsMiddleware } from '../../lib/replicas/late-calls';

/** As Moleculer sends it: of a call that is no stream `stream` is false. */
const REQUEST = {
  action: 'presence.newConnection',
  id: 'r1',
  sender: 'ddp-1',
  params: ['u', 's'],
  timeout: 5_000,
  stream: false,
};

describe('calls that arrive while a node stops', () => {
  const next = jest.fn(async () => 'Moleculer');
  const call = jest.fn<Promise<unknown>, unknown[]>(async () => 'answer');
  const sendResponse = jest.fn(async () => undefined);
  let services: { name: string; nodeID: string }[];
  const broker = {
    nodeID: 'presence-a',
    stopping: true,
    call,
    transit: { sendResponse },
    registry: { getServiceList: () => services },
  };
  type Handler = (command: string, packet: object) => Promise<unknown>;
  const handle = (command: string, payload: object) => {
    const middleware = lateCallsMiddleware() as Middleware & { transitMessageHandler(next: Handler): Handler };
    return middleware.transitMessageHandler.call({ broker } as never, next)(command, { payload });
  };

  beforeEach(() => {
    jest.clearAllMocks();
    broker.stopping = true;
    services = ['presence-a', 'presence-b'].map((nodeID) => ({ name: 'presence', nodeID }));
  });

  it('are answered by another replica, as if this one had', async () => {
    await handle('REQ', REQUEST);
    const meta = { presenceCaller: 'ddp-1' };
    expect(call).toHaveBeenCalledWith(REQUEST.action, REQUEST.params, { nodeID: 'presence-b', meta, timeout: 5_000 });
    expect(sendResponse).toHaveBeenCalledWith('ddp-1', 'r1', meta, 'answer', null);
    expect(next).not.toHaveBeenCalled();
  });

  it('get that replica’s error, too', async () => {
    const error = new Error('no');
    call.mockRejectedValueOnce(error);
    await handle('REQ', REQUEST);
    expect(sendResponse).toHaveBeenCalledWith('ddp-1', 'r1', expect.anything(), undefined, error);
  });

  it.each([
    ['another action', 'REQ', { ...REQUEST, action: 'presence.list' }],
    ['a stream', 'REQ', { ...REQUEST, stream: true }],
    ['what nobody could be answered', 'REQ', { action: REQUEST.action }],
    ['another packet', 'EVENT', REQUEST],
  ])('are Moleculer’s affair where they are %s', async (_what, command, payload) => {
    await handle(command, payload);
    expect(next).toHaveBeenCalled();
    expect(call).not.toHaveBeenCalled();
  });

  it('are Moleculer’s affair where there is no other replica, or the node does not stop', async () => {
    services = [{ name: 'presence', nodeID: 'presence-a' }];
    await handle('REQ', REQUEST);
    services.push({ name: 'presence', nodeID: 'presence-b' });
    broker.stopping = false;
    await handle('REQ', REQUEST);
    expect(next).toHaveBeenCalledTimes(2);
  });
});
