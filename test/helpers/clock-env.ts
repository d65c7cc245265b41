/** What sets a process's clock (faketime), time zone and locale. */
const OF_THE_CLOCK = /^(FAKETIME|LD_PRELOAD$|TZ$|LANG$|LC_)/;

/** For programs that tests start: none of this process's variables but the path, and the clock, time zone and locale, which are the same. */
export function bareEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name === 'PATH' || OF_THE_CLOCK.test(name)));
}

/** This process's variables with the machine's own clock, for programs that faketime ends: redis-server (its malloc asks for the time). */
export function withoutFaketime(): NodeJS.ProcessEnv {
  const isFaketime = (name: string) => name.startsWith('FAKETIME') || name === 'LD_PRELOAD';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isFaketime(name)));
}
