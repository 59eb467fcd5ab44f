import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  RecordBatch,
  RetryPolicy,
  schema,
  types as t,
  WebSocketError,
  WebSocketPublisher,
  type WebSocketPublisherOptions,
} from "../mod.ts";
import "../src/codecs/msgpack/message_pack.ts";
import { unnumbered } from "../src/sources/websocket_wire.ts";
import { WebAddress } from "../src/runtime/web_address.ts";
import { openError } from "../src/sources/websocket/errors.ts";
import { rowsOf } from "./support/publisher_suite.ts";
import { Random } from "./support/random.ts";
import { TcpProxy } from "./support/tcp_proxy.ts";
import { WsServer } from "./support/ws_server.ts";

const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 7);
const SOON = new RetryPolicy({ maxRetries: 20, initialBackoff: 1, maxBackoff: 5 });

function batchOf(start: number, count: number): RecordBatch {
  const columns = schema({ id: t.f64, name: t.utf8 });
  return RecordBatch.fromRows(rowsOf(start, count), { schema: columns }) as RecordBatch;
}

/** What one publish comes to, and the end behind it. */
async function failure(options: WebSocketPublisherOptions): Promise<WebSocketError> {
  const error = await assertRejects(async () => {
    await using publisher = new WebSocketPublisher(options);
    await publisher.publish(batchOf(0, 3));
    await publisher.flush();
  }, WebSocketError);
  return error as WebSocketError;
}

Deno.test("WebSocketPublisher sends a message for each batch, in any format", async () => {
  for (const format of ["json", "avro", "msgpack"] as const) {
    for (const acknowledge of [false, true]) {
      await using server = await WsServer.open({ acknowledge });
      {
        await using publisher = new WebSocketPublisher({ uri: server.uri, format, acknowledge });
        for (const [start, count] of [[0, 3], [3, 0], [3, 500], [503, 1]]) {
          const { records, bytes } = await publisher.publish(batchOf(start, count));
          assertEquals([records, bytes! > 0], [count, count > 0]);
        }
      }
      await server.until(({ messages }) => messages.length === 3);
      assertEquals(server.rows, rowsOf(0, 504), format);
      assertEquals(typeof server.messages[0], format === "json" ? "string" : "object");
    }
  }
});

Deno.test("WebSocketPublisher sends credentials and protocols, and never shows them", async () => {
  const headers: Record<string, unknown>[] = [];
  await using server = await WsServer.open({
    connected: (socket, given) => {
      headers.push(given);
      socket.on("message", () => socket.close(1008, "bad token canary-token"));
    },
  });
  const uri = `${server.uri.replace("//", "//bee:canary%20pw@")}/in?token=canary-token`;
  const error = await failure({ uri, headers: { "X-Key": "canary-key" }, protocols: ["birds.v1"] });
  assertEquals(headers[0].authorization, `Basic ${btoa("bee:canary pw")}`);
  assertEquals(headers[0]["x-key"], "canary-key");
  assertEquals(headers[0]["sec-websocket-protocol"], "birds.v1");
  assert(!Deno.inspect(error, { depth: 9 }).includes("canary"), error.message);
  assert(error.message.includes("[secret]"), error.message);
});

Deno.test("WebSocketPublisher tells the code of a close, and whether it is worth a retry", async () => {
  const codes = [[1003, false], [1008, false], [1009, false], [1011, true], [1013, true]] as const;
  for (const [code, retriable] of codes) {
    await using server = await WsServer.open({
      connected: (socket) => socket.on("message", () => socket.close(code, "because")),
    });
    const options = { uri: server.uri, reconnect: false, acknowledge: true };
    const error = await failure(options);
    assertEquals([error.closeCode, error.retriable], [code, retriable]);
    assert(error.message.includes(`the code ${code} (`), error.message);
    assert(error.message.includes('saying "because"'), error.message);
  }
});

Deno.test("WebSocketPublisher tells of a message too big for the other side, with or without acknowledgements", async () => {
  for (const acknowledge of [false, true]) {
    await using server = await WsServer.open({ acknowledge, maxPayload: 1_000 });
    await using publisher = new WebSocketPublisher({ uri: server.uri, acknowledge });
    const publish = async () => {
      await publisher.publish(batchOf(0, 1_000));
      await server.until(({ sockets }) => sockets.length === 0);
      await publisher.flush();
      for (;;) await publisher.publish(batchOf(0, 1));
    };
    const error = await assertRejects(publish, WebSocketError, "too big for it") as WebSocketError;
    assertEquals([error.closeCode, error.retriable], [1009, false]);
    await publisher.publish(batchOf(0, 1));
    await publisher.flush();
    await server.until(({ rows }) => rows.length >= 1);
  }
});

Deno.test("WebSocketPublisher tells why it cannot connect", async () => {
  const refused = await failure({ uri: "ws://127.0.0.1:1/" });
  assert(refused.retriable);
  assert(refused.message.startsWith("Cannot connect to ws://127.0.0.1:1/: "), refused.message);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      return new Response("no", { status: Number(new URL(request.url).pathname.slice(1)) });
    },
  );
  for (
    const [status, retriable] of [[401, false], [404, false], [429, true], [503, true]] as const
  ) {
    const error = await failure({ uri: `ws://127.0.0.1:${server.addr.port}/${status}` });
    assertEquals(error.retriable, retriable, error.message);
    assert(error.message.includes(`${status}`), error.message);
  }
  const tls = await failure({ uri: `wss://127.0.0.1:${server.addr.port}/` });
  assert(!tls.retriable && tls.message.includes("use ws://"), tls.message);
});

Deno.test("WebSocketPublisher gives up a server that does not answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const uri = `ws://127.0.0.1:${listener.addr.port}`;
  const error = await failure({ uri, connectTimeout: 50 });
  assert(error.retriable);
  assert(error.message.includes("not open within connectTimeout (50ms)"), error.message);
  (await accepted).close();
});

Deno.test("WebSocketPublisher loses nothing to connections that are cut in the middle of frames", async () => {
  const random = new Random(SEED);
  await using server = await WsServer.open({ acknowledge: true });
  await using proxy = new TcpProxy(server.port);
  const cuts = Array.from(
    { length: 8 },
    () =>
      random.chance(0.8) ? { up: 600 + random.below(12_000) } : { down: 150 + random.below(60) },
  );
  proxy.cutNext(...cuts);
  const publisher = new WebSocketPublisher({
    ...{ uri: proxy.uri, acknowledge: true, reconnect: SOON, window: 8 },
  });
  {
    await using _ = publisher;
    for (let at = 0; at < 120; at++) await publisher.publish(batchOf(at * 50, 50));
  }
  assertEquals(proxy.cut, cuts.length, `seed ${SEED}`);
  assertEquals(server.rows, rowsOf(0, 6_000), `seed ${SEED}`);
  const { connections, messages, resent, waiting } = publisher.metrics();
  assertEquals([connections, messages - resent, waiting], [cuts.length + 1, 120, 0]);
  const ids = server.messages.map((message) => unnumbered(message)!.id);
  assertEquals(Math.max(...ids), 120);
});

Deno.test("WebSocketPublisher without acknowledgements sends again what had not left, and counts it", async () => {
  await using server = await WsServer.open();
  await using proxy = new TcpProxy(server.port);
  proxy.cutNext({ up: 3_000_000 });
  const publisher = new WebSocketPublisher({ uri: proxy.uri, reconnect: SOON });
  {
    await using _ = publisher;
    for (let at = 0; at < 30; at++) await publisher.publish(batchOf(at * 10_000, 10_000));
  }
  await server.until(({ sockets }) => sockets.length === 0);
  const { connections, messages, resent } = publisher.metrics();
  assertEquals([proxy.cut, connections, messages - resent], [1, 2, 30]);
  assertEquals(server.rows.at(-1), rowsOf(299_999, 1)[0]);
});

Deno.test("WebSocketPublisher outlives a storm of reconnections, as long as its policy does", async () => {
  let storms = 6;
  await using server = await WsServer.open({ acknowledge: true });
  const storm = () => {
    for (const socket of server.sockets) if (storms > 0 && storms--) socket.terminate();
  };
  const timer = setInterval(storm, 1);
  {
    await using publisher = new WebSocketPublisher({
      ...{ uri: server.uri, acknowledge: true, reconnect: SOON },
    });
    for (let at = 0; at < 50; at++) await publisher.publish(batchOf(at * 10, 10));
  }
  clearInterval(timer);
  assertEquals(server.rows, rowsOf(0, 500));
  await using gone = await WsServer.open({ connected: (socket) => socket.terminate() });
  const reconnect = new RetryPolicy({ maxRetries: 4, initialBackoff: 1 });
  const error = await failure({ uri: gone.uri, acknowledge: true, reconnect });
  assert(error.retriable && error.message.includes("it was tried again 4 times"), error.message);
  const limit = new RetryPolicy({ maxRetries: 1e6, initialBackoff: 1, jitter: "none" });
  const late = { uri: gone.uri, acknowledge: true, reconnect: limit, reconnectTimeout: 30 };
  assert((await failure(late)).message.includes("reconnectTimeout (30ms) is over"));
});

Deno.test("WebSocketPublisher gives up a server that never reads, and says so", async () => {
  for (const acknowledge of [true, false]) {
    await using server = await WsServer.open({ acknowledge });
    server.stall();
    const publisher = new WebSocketPublisher({
      ...{ uri: server.uri, acknowledge, reconnect: false, window: 1 },
      ...{ stallTimeout: 80, closeTimeout: 20, highWater: 10_000 },
    });
    const publish = async () => {
      for (let at = 0; at < 1_000; at++) await publisher.publish(batchOf(at * 10_000, 10_000));
    };
    const error = await assertRejects(publish, WebSocketError, "nothing for 80ms");
    assert((error as WebSocketError).retriable);
    await publisher[Symbol.asyncDispose]();
    await server.break(); // Deno has no way to cut a connection by itself
  }
});

Deno.test("WebSocketPublisher resends a batch that may have been taken with the same number", async () => {
  const ids: number[] = [];
  await using server = await WsServer.open({
    connected: (socket) =>
      void socket.on("message", (data) => {
        ids.push(unnumbered(String(data))!.id);
        if (ids.length < 3) socket.terminate();
        else socket.send(`{"ack":${ids.at(-1)}}`);
      }),
  });
  const options = { uri: server.uri, acknowledge: true, reconnect: false, window: 1 };
  await using publisher = new WebSocketPublisher(options);
  const [first, second] = [batchOf(0, 1), batchOf(1, 1)];
  for (let tries = 0; tries < 2; tries++) await assertRejects(() => publisher.publish(first));
  await publisher.publish(first);
  await publisher.publish(second);
  assertEquals(ids, [1, 1, 1, 2]);
});

Deno.test("WebSocketPublisher tells what the other side answers", async () => {
  const answers = ['{"error":"no such stream"}', '{"ack":99}'];
  const messages = ['answered with an error: "no such stream"', "acknowledged message 99, but 1"];
  for (const [i, answer] of answers.entries()) {
    await using server = await WsServer.open({
      connected: (socket) => void socket.on("message", () => socket.send(answer)),
    });
    const error = await failure({ uri: server.uri, acknowledge: true });
    assert(!error.retriable && error.message.includes(messages[i]), error.message);
  }
});

Deno.test("WebSocketPublisher says at its end when the other side may not have read all", async () => {
  await using server = await WsServer.open();
  server.stall();
  const publisher = new WebSocketPublisher({ uri: server.uri, closeTimeout: 30 });
  await publisher.publish(batchOf(0, 1));
  await assertRejects(
    () => publisher[Symbol.asyncDispose](),
    WebSocketError,
    "has not answered the close within closeTimeout (30ms)",
  );
  await server.break();
});

Deno.test("WebSocketPublisher says at its end what was not acknowledged, also when a batch was aborted", async () => {
  await using server = await WsServer.open({ connected: () => {} });
  const options = { uri: server.uri, acknowledge: true, window: 2, closeTimeout: 30 };
  const publisher = new WebSocketPublisher(options);
  await publisher.publish(batchOf(0, 5));
  const aborted = publisher.publish(batchOf(5, 5), { signal: AbortSignal.timeout(5) });
  await assertRejects(() => aborted, DOMException);
  await assertRejects(
    () => publisher[Symbol.asyncDispose](),
    WebSocketError,
    "has acknowledged nothing for 30ms, while 1 message with 5 records waits",
  );
});

Deno.test("WebSocketPublisher says which batch cannot be a message, and goes on", async () => {
  await using server = await WsServer.open();
  const avro = { schema: { type: "record", name: "R", fields: [{ name: "id", type: "int" }] } };
  const publisher = new WebSocketPublisher({ uri: server.uri, format: "avro", avro });
  await publisher.publish(RecordBatch.fromRows([{ id: 1 }]));
  const misfit = () => publisher.publish(batchOf(0, 1));
  const error = await assertRejects(misfit, WebSocketError, "Cannot make a message for ws://");
  assert(!(error as WebSocketError).retriable);
  await publisher.publish(RecordBatch.fromRows([{ id: 2 }]));
  await publisher[Symbol.asyncDispose]();
  assertEquals(server.rows, [{ id: 1 }, { id: 2 }]);
});

Deno.test("WebSocketPublisher refuses options that cannot be", () => {
  const make = (options: object) => () =>
    new WebSocketPublisher({ uri: "ws://127.0.0.1:1", ...options });
  assertThrows(make({ uri: "localhost:1" }), TypeError, "uri must be a URL such as ws://host/path");
  assertThrows(make({ uri: "http://localhost:1" }), TypeError, "that begins with http:");
  assertThrows(make({ url: "ws://localhost:1" }), TypeError, "did you mean uri?");
  assertThrows(make({ format: "ndjson" }), TypeError, 'format must be "json" or "avro"');
  assertThrows(make({ highWater: 0 }), RangeError, "highWater must be a whole number from 1");
  assertThrows(make({ highWater: 10, lowWater: 10 }), RangeError, "below highWater (10)");
  assertThrows(make({ window: 0.5 }), RangeError, "window must be a whole number from 1");
  assertThrows(make({ acknowledge: "yes" }), TypeError, "acknowledge must be true or false");
  assertThrows(make({ reconnect: 3 }), TypeError, "reconnect must be true, false or a RetryPolicy");
  assertThrows(make({ headers: { Host: "a" } }), TypeError, "the header Host cannot be chosen");
  assertThrows(make({ protocols: ["a", "A"] }), TypeError, "a list of different names");
  assertThrows(make({ protocols: "a b" }), TypeError, "protocols must be a list");
  assertThrows(make({ connectTimeout: 0 }), RangeError, "connectTimeout");
  assertThrows(make({ stallTimeout: "soon" }), TypeError, "stallTimeout");
});

Deno.test("openError() is to be tried again where another attempt may be answered otherwise", () => {
  const address = new WebAddress("ws://x/", { doing: "connect", protocols: ["ws:"] });
  const isRetriable = (status: number) =>
    openError(address, `NetworkError: invalid status code: ${status}`).retriable;
  const statuses = [301, 400, 401, 404, 408, 421, 425, 429, 500, 503];
  assertEquals(statuses.filter(isRetriable), [408, 421, 425, 429, 500, 503]);
});
