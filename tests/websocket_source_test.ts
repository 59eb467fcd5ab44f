import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BadInputError,
  col,
  from,
  RecordBatch,
  RetryPolicy,
  schema,
  StreamingGenerator,
  StreamServer,
  SyntheticGenerator,
  types as t,
  WebSocketError,
  WebSocketPublisher,
  WebSocketSource,
  type WebSocketSourceOptions,
} from "../mod.ts";
import "../src/codecs/msgpack/message_pack.ts";
import { messageEncoder } from "../src/publishers/message_format.ts";
import { numbered } from "../src/sources/websocket_wire.ts";
import { WsServer } from "./support/ws_server.ts";

type Row = Record<string, unknown>;

/** What a pipeline gets of a source. */
async function rowsOf(source: WebSocketSource, options = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of from(source, { workers: 1, ...options })) rows.push(row);
  return rows;
}

/** What a pipeline gets of a server that sends these messages, and closes. */
async function received(
  messages: readonly (string | Uint8Array)[],
  options: WebSocketSourceOptions = {},
  code = 1000,
): Promise<Row[]> {
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const message of messages) socket.send(message);
      socket.close(code, "that was all");
    },
  });
  return await rowsOf(new WebSocketSource(server.uri, options));
}

const BIRDS = [{ bird: "Gull", count: 3 }, { bird: "Owl", count: 1 }, { bird: "Tern", count: 7 }];

Deno.test("WebSocketSource reads arrays and objects of JSON, in order", async () => {
  const [gull, owl, tern] = BIRDS;
  const messages = [
    JSON.stringify([gull]),
    "[]",
    ` ${JSON.stringify(owl, null, 2)}\n`,
    new TextEncoder().encode(JSON.stringify([tern, gull], null, 1)),
  ];
  assertEquals(await received(messages), [gull, owl, tern, gull]);
});

Deno.test("WebSocketSource reads Avro and MessagePack, whose columns are those of the first", async () => {
  for (const format of ["avro", "msgpack"] as const) {
    using encoder = messageEncoder(format);
    const messages = BIRDS.map((bird) => encoder.bytes(RecordBatch.fromRows([bird])));
    assertEquals(await received(messages, { format }), BIRDS, format);
  }
});

Deno.test("WebSocketSource has the columns of a schema when it is given", async () => {
  const columns = schema({ bird: t.utf8, count: t.i64 });
  const rows = await received([JSON.stringify(BIRDS)], { schema: columns as never });
  assertEquals(rows[0], { bird: "Gull", count: 3n });
  const extra = () => received(['{"bird":"Owl","wings":2}'], { schema: columns as never });
  const error = await assertRejects(extra, BadInputError, "message 1, record 1: ");
  assert(error.message.includes("wings"), error.message);
  const options = { schema: columns as never, extraKeys: "ignore" } as const;
  assertEquals(await received(['{"bird":"Owl","wings":2}'], options), [{
    bird: "Owl",
    count: null,
  }]);
});

Deno.test("WebSocketSource waits for a value of what the pipeline asks for", async () => {
  const messages = ['{"a":null,"b":1}', '[{"a":null,"b":2}]', '{"a":"x","b":3}'];
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const message of messages) socket.send(message);
      socket.close(1000);
    },
  });
  const rows: Row[] = [];
  const pipeline = from(new WebSocketSource(server.uri), { workers: 1 }).select({ a: col("a") });
  for await (const row of pipeline) rows.push(row);
  assertEquals(rows, [{ a: null }, { a: null }, { a: "x" }]);
});

Deno.test("WebSocketSource leaves bad records and messages out, or has them end it", async () => {
  const messages = ['[{"n":1},5,{"n":2}]', "nonsense", '[{"n":3}', "", '[{"n":"x"}]', '{"n":4}'];
  const rows = await received(messages, { badRecords: "skip" });
  assertEquals(rows.map(({ n }) => n), [1, 2, 4]);
  const error = await assertRejects(() => received(messages), BadInputError);
  assert(/message 1, record 2: .*expected an object/.test(error.message), error.message);
  const broken = await assertRejects(() => received(messages.slice(2)), BadInputError);
  assert(/message 1: the array is not closed; send a JSON array/.test(broken.message));
  const binary = () => received([JSON.stringify(BIRDS)], { format: "avro" });
  await assertRejects(binary, BadInputError, "message 1: it is a text, and no bytes");
});

Deno.test("WebSocketSource puts bad messages among the dead letters of the pipeline", async () => {
  const letters: unknown[] = [];
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const message of ['{"n":1}', "?!", '[{"n":2},{"n":[]}]']) socket.send(message);
      socket.close(1000);
    },
  });
  const deadLetter = ({ record, position }: { record: unknown; position: number }) => {
    letters.push([
      record instanceof Uint8Array ? new TextDecoder().decode(record) : record,
      position,
    ]);
  };
  const options = { badRecords: "deadLetter", deadLetter };
  assertEquals(await rowsOf(new WebSocketSource(server.uri), options), [{ n: 1 }, { n: 2 }]);
  assertEquals(letters.length, 2);
  assertEquals((letters[0] as unknown[])[0], "?!");
});

Deno.test("WebSocketSource holds messages and records to their limits", async () => {
  const large = JSON.stringify({ text: "x".repeat(2_000) });
  const message = () => received([large], { maxMessageBytes: 1_000 });
  await assertRejects(message, BadInputError, "more than maxMessageBytes (1000)");
  const record = () => received([`[${large}]`], { maxRecordBytes: 1_000 });
  await assertRejects(record, BadInputError, "maxRecordBytes (1000)");
});

Deno.test("WebSocketSource ends with a clean close, and fails with others behind what came", async () => {
  assertEquals(await received([JSON.stringify(BIRDS)], {}, 1001), BIRDS);
  for (const [code, retriable] of [[1011, true], [1008, false], [4321, true]] as const) {
    await using server = await WsServer.open({
      connected: (socket) => {
        socket.send(JSON.stringify(BIRDS));
        socket.close(code, "because\u0007");
      },
    });
    const rows: Row[] = [];
    const error = await assertRejects(async () => {
      const source = new WebSocketSource(server.uri);
      for await (const row of from(source, { workers: 1 })) rows.push(row);
    }, WebSocketError) as WebSocketError;
    assertEquals([error.closeCode, error.retriable], [code, retriable]);
    assert(error.message.includes('"because\\u0007"'), error.message);
  }
});

Deno.test("WebSocketSource tells what the other side answers with an error", async () => {
  const ask = { subscribe: { action: "stream", conditions: { bird: "Dodo" } } } as const;
  await using server = await WsServer.open({
    connected: (socket) =>
      void socket.on("message", (data) => {
        assertEquals(JSON.parse(String(data)), ask.subscribe);
        socket.send('{"error":"there is no Dodo"}');
      }),
  });
  const read = () => rowsOf(new WebSocketSource(server.uri, ask));
  await assertRejects(read, WebSocketError, 'has answered with an error: "there is no Dodo"');
});

Deno.test("WebSocketSource connects again, and subscribes again", async () => {
  const asked: string[] = [];
  await using server = await WsServer.open({
    connected: (socket) =>
      void socket.on("message", (data) => {
        asked.push(String(data));
        if (asked.length % 2 === 1) return;
        const at = asked.length / 2 - 1;
        socket.send(JSON.stringify(BIRDS[at]), () => {
          if (at === BIRDS.length - 1) socket.close(1000);
          else socket.terminate();
        });
      }),
  });
  const reconnect = new RetryPolicy({ maxRetries: 2, initialBackoff: 1 });
  const source = new WebSocketSource(server.uri, { subscribe: ["hello", { n: 1 }], reconnect });
  assertEquals(await rowsOf(source), BIRDS);
  assertEquals(asked, Array(3).fill(["hello", '{"n":1}']).flat());
});

Deno.test("WebSocketSource gives up when connections come to nothing", async () => {
  await using server = await WsServer.open({ connected: (socket) => socket.terminate() });
  const reconnect = new RetryPolicy({ maxRetries: 3, initialBackoff: 1 });
  const read = () => rowsOf(new WebSocketSource(server.uri, { reconnect }));
  await assertRejects(read, WebSocketError, "it was tried again 3 times, without progress");
  assertEquals(server.connections, 4);
});

Deno.test("WebSocketSource acknowledges what the pipeline has taken", async () => {
  const acks: unknown[] = [];
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const [i, bird] of BIRDS.entries()) {
        socket.send(numbered({ id: i + 1, records: JSON.stringify([bird]) }));
      }
      socket.on("message", (data) => {
        acks.push(JSON.parse(String(data)));
        if ((acks.at(-1) as { ack: number }).ack === BIRDS.length) socket.close(1000);
      });
    },
  });
  assertEquals(await rowsOf(new WebSocketSource(server.uri, { acknowledge: true })), BIRDS);
  assertEquals(acks.at(-1), { ack: 3 });
  const plain = () => received(["[]"], { acknowledge: true });
  await assertRejects(plain, BadInputError, "message 1: it has no number");
});

Deno.test("WebSocketSource fails, or drops and counts, when more comes than may wait", async () => {
  const message = JSON.stringify(
    Array.from({ length: 100 }, (_, n) => ({ n, text: "x".repeat(90) })),
  );
  const messages = Array.from({ length: 40 }, () => message);
  const error = await assertRejects(
    () => received(messages, { maxWaitingBytes: 20_000 }),
    WebSocketError,
    "sends more than the pipeline takes: maxWaitingBytes (20000)",
  );
  assert(!(error as WebSocketError).retriable);
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const message of messages) socket.send(message);
      socket.close(1000);
    },
  });
  const source = new WebSocketSource(server.uri, { maxWaitingBytes: 20_000, onFull: "drop" });
  const pipeline = from(source, { workers: 1 });
  let rows = 0;
  for await (const _ of pipeline) rows++;
  const { skipped } = pipeline.metrics();
  assertEquals(rows / 100 + skipped, messages.length);
});

Deno.test("WebSocketSource loses nothing with acknowledgements, however little may wait", async () => {
  const sent = Array.from({ length: 60 }, (_, n) => ({ n, text: "x".repeat(5_000) }));
  let acknowledged = 0;
  await using server = await WsServer.open({
    connected: (socket) => {
      for (const row of sent.slice(acknowledged)) {
        socket.send(numbered({ id: row.n + 1, records: JSON.stringify([row]) }));
      }
      socket.on("message", (data) => {
        ({ ack: acknowledged } = JSON.parse(String(data)));
        if (acknowledged === sent.length) socket.close(1000);
      });
    },
  });
  const source = new WebSocketSource(server.uri, {
    ...{ acknowledge: true, reconnect: true, onFull: "reconnect", maxWaitingBytes: 30_000 },
  });
  const rows = await rowsOf(source);
  assertEquals([...new Set(rows.map(({ n }) => n))], sent.map(({ n }) => n));
});

Deno.test("WebSocketSource closes its connection when the pipeline wants no more", async () => {
  await using server = await WsServer.open({
    connected: (socket) => {
      const timer = setInterval(() => socket.send('{"n":1}'), 1);
      socket.on("close", () => clearInterval(timer));
    },
  });
  for await (const _ of from(new WebSocketSource(server.uri), { workers: 1 })) break;
  await server.until(({ sockets }) => sockets.length === 0);
});

Deno.test("WebSocketSource reads what a WebSocketServer relays of a publisher", async () => {
  await using relay = await WsServer.open();
  await using publisher = new WebSocketPublisher({ uri: relay.uri });
  const source = new WebSocketSource(relay.uri);
  const reading = rowsOf(source);
  await relay.until(({ connections }) => connections === 1);
  await publisher.publish(RecordBatch.fromRows(BIRDS));
  await relay.until(({ messages }) => messages.length === 1);
  const [reader] = relay.sockets;
  reader.send(relay.messages[0]);
  reader.close(1000);
  assertEquals(await reading, BIRDS);
});

Deno.test("WebSocketSource reads a stream of a StreamServer to its end", async () => {
  const generator = await SyntheticGenerator.fit(BIRDS);
  await using server = new StreamServer(new StreamingGenerator(generator), { port: 0 });
  const { uri } = await server.listen();
  const request = { action: "generate", records: 250, seed: 3 };
  const asked = await rowsOf(new WebSocketSource(uri, { subscribe: request }));
  const query = await rowsOf(new WebSocketSource(`${uri}?action=generate&records=250&seed=3`));
  assertEquals(query.length, 250);
  assertEquals(asked.slice(-250), query);
});

Deno.test("WebSocketSource refuses options that cannot be", () => {
  const make = (options: object) => () => new WebSocketSource("ws://127.0.0.1:1", options);
  assertThrows(make({ format: "xml" }), TypeError, 'format must be "json" or "avro" or "msgpack"');
  assertThrows(make({ onFull: "reconnect" }), TypeError, "pass reconnect: true with it");
  assertThrows(make({ onFull: "wait" }), TypeError, "onFull must be");
  assertThrows(make({ subscribe: 5 }), TypeError, "subscribe takes texts, bytes and objects");
  assertThrows(make({ subscribes: "" }), TypeError, "did you mean subscribe?");
  assertThrows(make({ maxWaitingBytes: 0 }), RangeError, "maxWaitingBytes");
  assertThrows(make({ acknowledge: 1 }), TypeError, "acknowledge must be true or false");
  assertThrows(make({ badRecords: "deadLetter" }), TypeError, "badRecords must be");
  const http = () => new WebSocketSource("http://127.0.0.1:1");
  assertThrows(http, TypeError, "must be a URL such as ws://host/path");
});
