// Pushes batches to a WebSocket, fifty records every tenth of a second. Run: deno run --allow-net=127.0.0.1 examples/generation_03_websocket.ts
import { StreamingGenerator, WebSocketPublisher } from "@waggle/stream";
import { customerGenerator } from "./customers.ts";

// The other side: any WebSocket server, in any language.
let received = 0;
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => received += JSON.parse(data).length;
  return response;
});

const streamer = new StreamingGenerator(await customerGenerator());
{
  await using publisher = new WebSocketPublisher({
    uri: `ws://127.0.0.1:${server.addr.port}`,
    format: "json",
  });
  await streamer.streamTo(publisher, { batchSize: 50, interval: "100ms", maxBatches: 5 });
} // here the connection is closed, and all that was sent has arrived
console.log(`${received} records received`);
await server.shutdown();
