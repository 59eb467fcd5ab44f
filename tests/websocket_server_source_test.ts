import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type BadInput,
  BadInputError,
  from,
  MemoryPublisher,
  RecordBatch,
  RetryPolicy,
  schema,
  types,
  WebSocketPublisher,
  WebSocketServerSource,
  type WebSocketServerSourceOptions,
} from "../mod.ts";
import "../src/codecs/msgpack/message_pack.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { SourceBatch } from "../src/stream/source.ts";
import { counterpart } from "./support/counterpart.ts";
import { MemoryTcp } from "./support/memory_tcp.ts";
import { rowsOf } from "./support/publisher_suite.ts";
import { clientFrame, clientText, RawClient, upgradeHead } from "./support/raw_websocket.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "send records to a WebSocket server",
  pythonModules: ["websockets"],
});

/** A source in memory, opened by hand. */
async function opened(options: WebSocketServerSourceOptions = {}) {
  const network = new MemoryTcp(100_000);
  const source = new WebSocketServerSource({ network, ...options });
  await source.listen();
  const letters: BadInput[] = [];
  const stop = new AbortController();
  const batches = source.open({
    runtime: denoRuntime,
    signal: stop.signal,
    badRecords: "deadLetter",
    deadLetter: (bad) => letters.push(bad),
  })[Symbol.asyncIterator]();
  const connect = async () => {
    const client = new RawClient(network.connect());
    await client.ask(upgradeHead());
    return client;
  };
  const next = async (): Promise<SourceBatch | undefined> =>
    (await batches.next()).value ?? undefined;
  const rows = async () => (await next())?.batch?.toRows();
  return { source, connect, next, rows, batches, letters, stop };
}

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count)) as RecordBatch;
}

Deno.test("WebSocketServerSource gives the records of each client in their order, and ends when it is closed", async () => {
  const { source, connect, rows } = await opened();
  const [a, b] = [await connect(), await connect()];
  await a.send(clientText('[{"x":1},{"x":2}]'));
  assertEquals(await rows(), [{ x: 1 }, { x: 2 }]);
  await b.send(clientText('{"x":3}'));
  assertEquals(await rows(), [{ x: 3 }]);
  await a.send(clientText('[{"x":4}]'));
  await a.send(clientText('[{"x":5}]'));
  const found = [...await rows() ?? []];
  if (found.length < 2) found.push(...await rows() ?? []);
  assertEquals(found, [{ x: 4 }, { x: 5 }]);
  assertEquals(source.metrics().connections, 2);
  source.close();
  const ended = rows();
  for (const client of [a, b]) {
    assertEquals(await client.text(), "closed 1001 the server ends");
    client.tcp.close();
  }
  assertEquals(await ended, undefined);
  await source[Symbol.asyncDispose]();
  await assertRejects(() => source.listen(), TypeError, "was closed");
});

Deno.test("WebSocketServerSource acknowledges what the pipeline has taken, and not before", async () => {
  const { connect, rows, batches } = await opened({ acknowledge: true });
  const client = await connect();
  await client.send(clientText('{"id":1,"records":[{"x":1}]}'));
  await client.send(clientText('{"id":2,"records":[{"x":2}]}'));
  let answered = false;
  const answer = client.text().then((text) => (answered = true, text));
  const taken = [...await rows() ?? []];
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(answered, false);
  const more = rows();
  assertStringIncludes(await answer ?? "", `{"ack":${taken.length}}`);
  await client.send(clientText('{"id":7,"records":[{"x":7}]}'));
  await more;
  batches.return?.(undefined);
  client.tcp.close();
});

Deno.test("WebSocketServerSource reads clients no further while as much waits as may", async () => {
  const { source, connect, rows } = await opened({ maxWaitingBytes: 1000, maxMessageBytes: 500 });
  const client = await connect();
  const text = (i: number) => `[{"x":${i},"pad":"${"y".repeat(400)}"}]`;
  let sent = 0;
  const sending = (async () => {
    for (; sent < 600; sent++) await client.send(clientText(text(sent)));
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // 2 wait, one is held, and the connection holds 100,000 bytes and what was read at once
  assert(sent < 3 + (100_000 + 65_536) / 400, `${sent} were taken`);
  const found: unknown[] = [];
  while (found.length < 600) found.push(...(await rows() ?? []).map(({ x }) => x));
  assertEquals(found, Array.from({ length: 600 }, (_, i) => i));
  await sending;
  source.close();
  client.tcp.close();
  assertEquals(await rows(), undefined);
});

Deno.test("WebSocketServerSource gives all that has come when it is closed, what is held too", async () => {
  const { source, connect, rows } = await opened({ maxWaitingBytes: 10 });
  const clients = [await connect(), await connect(), await connect()];
  for (const [i, client] of clients.entries()) await client.send(clientText(`[{"x":${i}}]`));
  await new Promise((resolve) => setTimeout(resolve, 10));
  source.close();
  const found: unknown[] = [];
  for (let i = 0; i < 3; i++) found.push(...(await rows() ?? []).map(({ x }) => x));
  assertEquals(found.sort(), [0, 1, 2]);
  for (const { tcp } of clients) tcp.close();
  assertEquals(await rows(), undefined);
});

Deno.test("WebSocketServerSource ends with its signal, and lets go of clients that wait for room", async () => {
  const { stop, connect, rows, source } = await opened({ maxWaitingBytes: 10 });
  const client = await connect();
  for (let i = 0; i < 3; i++) await client.send(clientText(`[{"x":${i}}]`));
  assertEquals(await rows(), [{ x: 0 }]);
  stop.abort();
  const ended = rows();
  assertEquals(await client.text(), "closed 1001 the server ends");
  await client.send(clientFrame(8, Uint8Array.of(3, 233)));
  assertEquals(await ended, undefined);
  assertEquals(source.metrics().connections, 0);
});

Deno.test("WebSocketServerSource deals with what cannot be decoded as it is told", async () => {
  const { source, connect, next, letters } = await opened({
    schema: schema({ x: types.f64 }) as never,
    acknowledge: true,
  });
  const client = await connect();
  const sent = [
    '{"id":1,"records":[{"x":"a"},{"x":2}]}',
    '[{"x":3}]',
    "{",
    '{"id":2,"records":[1]}',
  ];
  for (const text of sent) await client.send(clientText(text));
  const found: unknown[] = [];
  while (letters.length < 4 || found.length < 1) {
    found.push(...(await next())?.batch?.toRows() ?? []);
  }
  assertEquals(found, [{ x: 2 }]);
  for (
    const [at, part] of ["message 1, record 1", "it has no number", "it has no number"].entries()
  ) {
    assertStringIncludes(letters[at].error.message, part);
  }
  source.close();
  client.tcp.close();
  for (let more = await next(); more; more = await next());
});

Deno.test("WebSocketServerSource tells the client that sent it of a record that ends the pipeline", async () => {
  const source = new WebSocketServerSource({ port: 0 });
  const { uri } = await source.listen();
  const running = from(source, { workers: 1 }).to(new MemoryPublisher()).run();
  running.catch(() => {});
  const socket = new WebSocket(uri);
  const heard: string[] = [];
  socket.onmessage = ({ data }) => heard.push(data);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  await new Promise((resolve) => socket.onopen = resolve);
  socket.send("[{]");
  const error = await assertRejects(() => running, BadInputError, "message 1");
  assert(heard.length === 1 && error.message.includes(JSON.parse(heard[0]).error), heard[0]);
  assertEquals((await closed).code, 1011);
});

Deno.test("WebSocketServerSource takes what WebSocketPublisher sends in any format, and acknowledges it", async () => {
  for (const format of ["json", "avro", "msgpack"] as const) {
    const token = "of-the-hive";
    await using source = new WebSocketServerSource({ port: 0, token, format, acknowledge: true });
    const { uri } = await source.listen();
    const kept = new MemoryPublisher();
    const running = from(source, { workers: 1 }).to(kept).run();
    {
      await using publisher = new WebSocketPublisher({
        uri,
        format,
        acknowledge: true,
        headers: { authorization: `Bearer ${token}` },
        reconnect: new RetryPolicy({ maxRetries: 0 }),
      });
      for (let i = 0; i < 5; i++) await publisher.publish(batchOf(100 * i, 100));
      await publisher.flush();
    }
    source.close();
    await running;
    assertEquals(kept.rows(), rowsOf(0, 500), format);
  }
});

Deno.test(
  python.test("Python's websockets sends records, and is told when they have been taken", async (path) => {
    await using source = new WebSocketServerSource({ port: 0, acknowledge: true });
    const { uri } = await source.listen();
    const kept = new MemoryPublisher();
    const running = from(source, { workers: 1 }).to(kept).run();
    const { stdout, success } = await new Deno.Command(path, {
      args: ["tests/support/websocket_client.py", "push", uri],
      cwd: new URL("../", import.meta.url),
    }).output();
    assert(success);
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { acks: [20], rows: 2000 });
    source.close();
    await running;
    assertEquals(kept.rows().map(({ id }) => id), Array.from({ length: 2000 }, (_, i) => i));
  }),
);

Deno.test("WebSocketServerSource is read once, and refuses options that cannot be", async () => {
  const { source, batches, next } = await opened();
  const ended = next();
  const again = source.open({
    runtime: denoRuntime,
    signal: new AbortController().signal,
    badRecords: "fail",
    deadLetter: () => {},
  });
  await assertRejects(() => again.next(), TypeError, "make another source");
  source.close();
  assertEquals(await ended, undefined);
  await batches.return?.(undefined);
  const make = (options: WebSocketServerSourceOptions) => () => new WebSocketServerSource(options);
  assertThrows(make({ format: "csv" as never }), TypeError, "format must be");
  assertThrows(make({ acknowledge: 1 as never }), TypeError, "acknowledge must be");
  assertThrows(make({ maxWaitingBytes: 0 }), RangeError, "maxWaitingBytes");
  assertThrows(make({ badRecords: "deadLetter" as never }), TypeError, "badRecords must be");
  assertThrows(make({ extraKeys: "keep" as never }), TypeError, "extraKeys must be");
  assertThrows(make({ hostname: "0.0.0.0" }), TypeError, "without a token");
  assertThrows(make({ waitForClient: true } as never), TypeError, "there is no option");
  await using unused = new WebSocketServerSource();
  await unused.listen();
});
