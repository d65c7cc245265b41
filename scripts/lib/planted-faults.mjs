/**
 * Faults that must not come back unseen: what stands in place of what, and a suite that is to turn red. Each text stands exactly
 * once in its file. All of the suites together take two minutes.
 */
export const FAULTS = [
  {
    name: 'sessions are not looked at again after a write',
    file: 'lib/desk/engine.ts',
    from: 'allOf([this.options.store.sessionsMoved(written), this.keepAndTell(written, nowMs)])',
    to: 'allOf([Promise.resolve(NOBODY), this.keepAndTell(written, nowMs)])',
    suite: 'unit/engine-races',
  },
  {
    name: 'presence is written whatever its revision is by now',
    file: 'lib/store/embedded-store.ts',
    from: 'revOf(before._id) === before.presenceRev',
    to: 'revOf(before._id) >= 0',
    suite: 'unit/store/embedded-store',
  },
  {
    name: 'the answer does not wait for the outbox',
    file: 'lib/desk/engine.ts',
    from: 'this.options.outbox?.write(changes, nowMs) ?? NOTHING])',
    to: '(void this.options.outbox?.write(changes, nowMs), NOTHING)])',
    suite: 'unit/engine',
  },
  {
    name: 'a failed connection to the bus goes unnoticed',
    file: 'lib/replicas/bus-guard.ts',
    from: "return this.isUp ? 'up' : 'down';",
    to: "return 'up';",
    suite: 'unit/bus-guard',
  },
  {
    name: 'nodes are judged while the own bus is away',
    file: 'domain/node-watch.ts',
    from: 'if (this.down) return [];',
    to: '',
    suite: 'unit/domain/node-watch',
  },
  {
    name: 'most nodes lost together are believed to be lost',
    file: 'domain/node-watch.ts',
    from: 'this.doubt(alive.filter(({ silentMs }) => silentMs > quietAfterMs).length, alive.length, nowMs);',
    to: '',
    suite: 'unit/domain/node-watch',
  },
  {
    name: 'a late login creates what its logout has removed',
    file: 'domain/removals.ts',
    from: 'if (isOvertaken(before, command, nowMs)) return { ...before, found: false };',
    to: '',
    suite: 'unit/domain/removals',
  },
  {
    name: 'a claim never expires',
    file: 'domain/waiting.ts',
    from: 'claim.statusExpiresAt != null && claim.statusExpiresAt.getTime() < nowMs',
    to: 'claim.statusExpiresAt != null && claim.statusExpiresAt.getTime() < 0 * nowMs',
    suite: 'unit/domain/claims',
  },
  {
    name: 'whoever may read may erase',
    file: 'lib/http/routes-history.ts',
    from: "id: 'eraseHistory', tag: 'history', scope: 'admin' }",
    to: "id: 'eraseHistory', tag: 'history', scope: 'read' }",
    suite: 'integration/http/access',
  },
  {
    name: 'every scope allows everything',
    file: 'lib/http/access.ts',
    from: 'return ORDER.indexOf(caller.scope) >= ORDER.indexOf(scope);',
    to: 'return ORDER.includes(caller.scope) && ORDER.includes(scope);',
    suite: 'integration/http/access',
  },
  {
    name: 'callbacks may be sent into the own network',
    file: 'lib/callbacks/target.ts',
    from: "  ['10.0.0.0', 8],\n",
    to: '',
    suite: 'unit/callbacks',
  },
  {
    name: 'a subscriber who missed more than is kept is told that it was all',
    file: 'lib/feed/change-ring.ts',
    from: 'this.lastSeq - seq > this.size',
    to: 'this.lastSeq - seq > 2 * this.size',
    suite: 'unit/feed',
  },
  {
    name: 'a leader believes in its lease for longer than others do',
    file: 'lib/replicas/leadership.ts',
    from: 'const askedAtMs = this.upMs();\n    const has = await store.lead(job, holder, ttlMs);',
    to: 'const has = await store.lead(job, holder, ttlMs);\n    const askedAtMs = this.upMs();',
    suite: 'unit/leadership',
  },
  {
    name: 'a limit lets one more through',
    file: 'lib/http/rate-limit.ts',
    from: 'window.used > this.limit',
    to: 'window.used > this.limit + 1',
    suite: 'unit/http/rate-limit',
  },
];
