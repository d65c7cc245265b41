import { connect } from 'nats';

/** The floor of a long answer: what was last given to SET is answered to every ASK, by the NATS client and nothing else. */
export const SET = 'bench.bytes.set';
export const ASK = 'bench.bytes.ask';

async function run(): Promise<void> {
  const bus = await connect({ servers: process.env.TRANSPORTER });
  let bytes = new Uint8Array();
  bus.subscribe(SET, {
    callback: (_error, message) => {
      bytes = message.data.slice();
      message.respond();
    },
  });
  bus.subscribe(ASK, { callback: (_error, message) => void message.respond(bytes) });
  await bus.flush();
  console.log('bare NATS is running');
  process.once('SIGTERM', () => void bus.close().then(() => process.exit(0)));
}

if (require.main === module) void run();
