import type { Ask } from './http-client';

/** A command of `curl`, as documents have them: -X, -H, -d and one address. */
export function parseCurl(command: string, variables: Readonly<Record<string, string>>): Ask {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, plain, quoted, bare]) =>
      plain ?? (quoted ?? bare)!.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? `$${name}`),
  );
  const headers: Record<string, string> = {};
  let [method, body, path]: (string | undefined)[] = [];
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (word === '-X') method = words[++i];
    else if (word === '-d') body = words[++i];
    else if (word === '-H') {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(words[++i]!)!;
      headers[name!.toLowerCase()] = value!;
    } else if (word.startsWith('http')) path = word.replace(/^https?:\/\/[^/]+/, '');
    else throw new Error(`what is ${word} of ${command}?`);
  }
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), path: path!, headers, body };
}
