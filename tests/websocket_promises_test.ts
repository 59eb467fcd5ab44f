import { RetryPolicy, WebSocketPublisher } from "../mod.ts";
import { testPublisher } from "./support/publisher_suite.ts";
import { WsServer } from "./support/ws_server.ts";

const reconnect = new RetryPolicy({ maxRetries: 3, initialBackoff: 1, maxBackoff: 5 });

testPublisher("WebSocketPublisher with acknowledgements", async () => {
  const server = await WsServer.open({ acknowledge: true });
  const uri = server.uri.replace("ws://", "ws://bee:canary@");
  return {
    publisher: new WebSocketPublisher({ uri, acknowledge: true, reconnect }),
    arrived: () => Promise.resolve(server.rows),
    stall: () => server.stall(),
    go: () => server.go(),
    failNext: (n: number) => server.failNext(n),
    break: () => server.break(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}, { retries: true, secret: "canary", mostAhead: 100, batchRows: 20 });

testPublisher("WebSocketPublisher without acknowledgements", async () => {
  const server = await WsServer.open();
  const publisher = new WebSocketPublisher({ uri: server.uri, reconnect });
  return {
    publisher,
    arrived: async () => {
      const { messages } = publisher.metrics();
      await server.until((server) => server.messages.length === messages);
      return server.rows;
    },
    stall: () => server.stall(),
    go: () => server.go(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}, { cannot: ["failNext", "break"], batchRows: 6_000, mostAhead: 200 });
