import { IANAZone } from 'luxon';
import { invalidArgument } from '../wire/errors';

/** As many as there are names, aliases included, and a few spellings of each. */
const MAX_KNOWN = 2_000;

/** What callers call zones, and the one object of each. Bounded: a name may be spelled in ten thousand ways. */
const known = new Map<string, IANAZone>();

/**
 * The time zone of a name, however that is spelled. Libraries keep what they know of a zone by its name, for ever: here they
 * get one name a zone.
 *
 * @throws PresenceError INVALID_ARGUMENT for what is no zone of the tz database
 */
export function zoneOf(name: string): IANAZone {
  const found = known.get(name);
  if (found) return found;
  const zone = IANAZone.create(canonicalName(name));
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, zone);
  return zone;
}

/** @returns the name as the tz database spells it; of an alias (Asia/Kolkata) as it was given @throws PresenceError INVALID_ARGUMENT */
export function checkTimeZone(name: string): string {
  const { name: canonical } = zoneOf(name);
  return canonical.toLowerCase() === name.toLowerCase() ? canonical : name;
}

function canonicalName(name: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw invalidArgument('timeZone', 'is not a time zone such as Europe/Berlin');
  }
}

// Intl reads its tables when it is first used, which takes 15 ms: here nobody waits for that.
zoneOf('America/New_York');
