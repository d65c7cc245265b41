/** What the presence service of a Rocket.Chat is like (contract 0.2). */
export interface Era {
  /** `major.minor` or more, as Rocket.Chat tells it. */
  readonly version: string;
  readonly isSupported: boolean;
  /** One line for the log. */
  readonly said: string;
}

const OLDEST = [6, 0] as const;
const ERAS: readonly { readonly from: readonly [number, number]; readonly name: string }[] = [
  { from: [8, 6], name: 'claims with a source and an end' },
  { from: [8, 0], name: 'heartbeats of connections, no stream-hub' },
  { from: [6, 0], name: 'connections and a default status, without heartbeats before the 7.12 line' },
];

/** @param version of `GET /api/info` */
export function eraOf(version: string): Era {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) {
    return {
      version,
      isSupported: false,
      said: `Rocket.Chat says it is version ${JSON.stringify(version.slice(0, 40))}, which is none`,
    };
  }
  const found = [Number(major), Number(minor)] as const;
  const era = ERAS.find(({ from }) => isAtLeast(found, from));
  if (!era || !isAtLeast(found, OLDEST)) {
    return {
      version,
      isSupported: false,
      said: `Rocket.Chat ${version} is older than 6.0, the oldest that this service knows`,
    };
  }
  return { version, isSupported: true, said: `Rocket.Chat ${version}: ${era.name}` };
}

function isAtLeast([major, minor]: readonly [number, number], [atLeast, andMinor]: readonly [number, number]): boolean {
  return major > atLeast || (major === atLeast && minor >= andMinor);
}
