// Loaded into a process before its program (node --require): its clock is off by CLOCK_SHIFT_MS, as a machine's may be.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS);
const Right = Date;

globalThis.Date = new Proxy(Right, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Right.now() + shiftMs] : args, newTarget),
  apply: () => String(new Right(Right.now() + shiftMs)),
  get: (target, key) => (key === 'now' ? () => Right.now() + shiftMs : Reflect.get(target, key)),
});
