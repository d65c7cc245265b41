/** mongodb:// or mongodb+srv://, who and where (several hosts too, which `URL` refuses), database, options. */
const PARTS = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/**
 * The same server, another database. The name in a URL is also where its user is looked up, unless `authSource` says
 * otherwise: so that stays where it was.
 */
export function withDatabase(url: string, database: string): string {
  const [, server, former, query] = PARTS.exec(url) ?? [];
  if (server === undefined) throw new Error('MONGO_URL must look like mongodb://host:27017/database');
  const isImplied = server.includes('@') && !/(^|&)authSource=/i.test(query ?? '');
  const options = [query, isImplied && `authSource=${former || 'admin'}`].filter(Boolean).join('&');
  return `${server}/${database}${options && `?${options}`}`;
}
