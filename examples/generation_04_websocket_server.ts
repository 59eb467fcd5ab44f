// Serves each WebSocket connection a stream of its own. Run: deno run --allow-net=127.0.0.1 examples/generation_04_websocket_server.ts
import { StreamServer } from "@waggle/stream";
import { customerGenerator } from "./customers.ts";

const generator = await customerGenerator();

// Start server: each connection gets ten records every tenth of a second, from when it opens.
await using server = new StreamServer(generator, { port: 0, batchSize: 10, interval: "100ms" });
const { uri } = await server.listen();

// A client: any WebSocket client, such as a page in a browser.
const client = new WebSocket(uri);
let batches = 0;
await new Promise<void>((resolve) => {
  client.onmessage = ({ data }) => {
    console.log(`batch ${++batches}: ${JSON.parse(data).length} records`);
    if (batches === 3) resolve();
  };
});
client.close();
