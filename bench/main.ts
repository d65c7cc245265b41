import { benchEmbedded } from './embedded';
import { benchHistory } from './history';
import { benchMongo } from './mongo';
import { whyNoMongo } from './mongo-available';
import { benchReads } from './reads';
import { benchSocket } from './socket';

const SECTIONS = ['embedded', 'reads', 'history', 'socket', 'mongo'] as const;

/** `npm run bench`, or one section of it: `npm run bench -- mongo`. @returns the exit code */
async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => !SECTIONS.some((section) => section === name));
  if (unknown.length > 0) {
    console.error(`No such section: ${unknown.join(', ')}. There are: ${SECTIONS.join(', ')}.`);
    return 1;
  }
  const wants = (section: string) => asked.length === 0 || asked.includes(section);
  const whyNot = wants('mongo') || wants('reads') || wants('history') ? whyNoMongo() : undefined;
  if (whyNot) console.error(whyNot);
  if (wants('embedded')) await benchEmbedded();
  if (wants('reads')) await benchReads(!whyNot);
  if (wants('history')) await benchHistory(!whyNot);
  if (wants('socket')) await benchSocket();
  if (wants('mongo') && !whyNot) await benchMongo();
  // Said again where it is seen: below all tables.
  if (whyNot && asked.length === 0) console.error(`\n${whyNot}`);
  return whyNot && asked.includes('mongo') ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
