import { connect } from 'nats';
import { WebSocketServer, type WebSocket } from 'ws';

/** Sends what it is asked to, as it is, to every client: the least that telling thousands of clients can cost. */
export const TELL = 'bench.socket.floor';

async function main(): Promise<void> {
  const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', perMessageDeflate: false });
  const clients = new Set<WebSocket>();
  server.on('connection', (socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    socket.on('message', () => socket.send('{"op":"snapshot","users":[],"more":false}'));
  });
  const bus = await connect({ servers: process.env.TRANSPORTER });
  bus.subscribe(TELL, {
    callback: (_error, message) => {
      message.respond();
      const frame = Buffer.from(message.data);
      for (const client of clients) client.send(frame, { binary: false });
    },
  });
  await bus.flush();
  console.log('the node is running');
}

if (require.main === module) void main();
