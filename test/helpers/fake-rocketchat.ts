import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Windows, type Window } from './rocketchat-rest-limits';

type Answers = (uid: string, res: http.ServerResponse) => void;

/** Somebody's Rocket.Chat, as far as `GET /api/v1/me`: users are known by their login tokens, `TOKEN of UID`. */
export interface FakeRocketChat {
  readonly url: string;
  /** Users it was asked about, in order. */
  readonly asked: string[];
  /** In place of what it would answer. */
  answer: Answers | undefined;
  /** Calls it takes from an address in a window, as its own limiter counts and says; absent: it has none. */
  limit: Window | undefined;
  /** Roles of its users; whoever is not here is nobody. */
  readonly users: Map<string, readonly string[]>;
  stop(): Promise<void>;
}

export const loginToken = (uid: string): string => `login-token-of-${uid}`;

export async function startFakeRocketChat(): Promise<FakeRocketChat> {
  const users = new Map<string, readonly string[]>();
  const fake: Pick<FakeRocketChat, 'answer' | 'asked' | 'limit'> = { answer: undefined, asked: [], limit: undefined };
  const windows = new Map<Window, Windows>();
  const server = http.createServer((req, res) => {
    const { 'x-user-id': uid, 'x-auth-token': token } = req.headers as Record<string, string>;
    fake.asked.push(uid!);
    if (fake.limit && isOver(fake.limit, res)) return void res.writeHead(429).end();
    if (fake.answer) return fake.answer(uid!, res);
    const roles = users.get(uid!);
    const isKnown = req.url === '/chat/api/v1/me' && roles !== undefined && token === loginToken(uid!);
    res.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    const me = { _id: uid, username: `${uid}.name`, roles, success: true };
    res.end(JSON.stringify(isKnown ? me : { status: 'error', message: 'You must be logged in to do this.' }));
  });
  function isOver(limit: Window, res: http.ServerResponse): boolean {
    const counted = windows.get(limit) ?? new Windows({}, limit);
    windows.set(limit, counted);
    const counts = counted.count('v1/me');
    res.setHeader('x-ratelimit-limit', counts.limit);
    res.setHeader('x-ratelimit-remaining', counts.remaining);
    res.setHeader('x-ratelimit-reset', counts.resetAtMs);
    return counts.isOver;
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat/`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return Object.assign(fake, { url, users, stop });
}
