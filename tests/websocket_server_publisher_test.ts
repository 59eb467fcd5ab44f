import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
  WebSocketServerPublisher,
  type WebSocketServerPublisherOptions,
} from "../mod.ts";
import { ClientOutbox } from "../src/publishers/websocket_server/client_outbox.ts";
import { SentCounts } from "../src/publishers/websocket_server/fan_out_figures.ts";
import type { ServerSocket } from "../src/sources/websocket_server/server_socket.ts";
import { MemoryTcp } from "./support/memory_tcp.ts";
import { rowsOf, testPublisher } from "./support/publisher_suite.ts";
import { clientFrame, clientText, RawClient, upgradeHead } from "./support/raw_websocket.ts";

type Row = Record<string, unknown>;

/** A client that takes what comes, unless it is told to wait. */
class Reader {
  readonly raw: RawClient;
  readonly rows: Row[] = [];
  messages = 0;
  closed: string | undefined;
  readonly done: Promise<void>;
  #going = Promise.resolve();
  #go = () => {};

  constructor(raw: RawClient) {
    this.raw = raw;
    this.done = this.#read();
  }

  stall(): void {
    this.#going = new Promise((resolve) => this.#go = resolve);
  }

  go(): void {
    this.#go();
  }

  async #read(): Promise<void> {
    while (true) {
      await this.#going;
      const text = await this.raw.text();
      if (text?.startsWith("closed")) this.closed = text;
      if (text === undefined || this.closed) return this.raw.tcp.close();
      this.rows.push(...JSON.parse(text));
      this.messages++;
    }
  }
}

async function fanOut(options: WebSocketServerPublisherOptions, clients: number) {
  const network = new MemoryTcp(1000);
  const publisher = new WebSocketServerPublisher({ network, stallTimeout: "60s", ...options });
  await publisher.listen();
  const readers: Reader[] = [];
  for (let i = 0; i < clients; i++) {
    const raw = new RawClient(network.connect());
    assertStringIncludes(await raw.ask(upgradeHead()), "HTTP/1.1 101 ");
    readers.push(new Reader(raw));
  }
  return { publisher, network, readers };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count)) as RecordBatch;
}

testPublisher("WebSocketServerPublisher", async () => {
  const { publisher, readers } = await fanOut({ highWater: 4096 }, 2);
  const all = () =>
    readers.every(({ messages, closed }) => {
      return closed !== undefined || messages * readers.length === publisher.metrics().sentMessages;
    });
  return {
    publisher,
    arrived: async () => {
      while (!all()) await turn();
      assertEquals(readers[0].rows, readers[1].rows);
      return readers[0].rows;
    },
    stall: () => readers[1].stall(),
    go: () => readers[1].go(),
    [Symbol.asyncDispose]: async () => {
      for (const { raw } of readers) raw.tcp.close();
      await Promise.all(readers.map(({ done }) => done));
    },
  };
}, { cannot: ["failNext", "break"] });

Deno.test("WebSocketServerPublisher sends to those that are there, the same bytes to all", async () => {
  const { publisher, network, readers } = await fanOut({}, 3);
  await publisher.publish(batchOf(0, 2));
  const late = new RawClient(network.connect());
  await late.ask(upgradeHead());
  const { bytes } = await publisher.publish(batchOf(2, 3));
  const frame = await late.frame();
  assertEquals(frame?.opcode, 1);
  assertEquals(JSON.parse(new TextDecoder().decode(frame?.payload)), rowsOf(2, 3));
  assertEquals(frame!.payload.length + 2 + (frame!.payload.length > 125 ? 2 : 0), bytes);
  const { sentMessages, sentRecords, accepted } = publisher.metrics();
  assertEquals([sentMessages, sentRecords, accepted], [7, 18, 4]);
  late.tcp.close();
  await publisher[Symbol.asyncDispose]();
  for (const reader of readers) {
    await reader.done;
    assertEquals(reader.rows, rowsOf(0, 5));
    assertEquals(reader.closed, "closed 1001 the server ends");
  }
  assertEquals(publisher.metrics().connections, 0);
});

Deno.test("WebSocketServerPublisher sends to nobody, or waits for a client", async () => {
  const { publisher } = await fanOut({}, 0);
  assertEquals((await publisher.publish(batchOf(0, 5))).records, 5);
  assertEquals(publisher.metrics().sentMessages, 0);
  await publisher[Symbol.asyncDispose]();

  const waiting = await fanOut({ waitForClient: true }, 0);
  const first = waiting.publisher.publish(batchOf(0, 5));
  const gone = new AbortController();
  const second = waiting.publisher.publish(batchOf(5, 5), { signal: gone.signal });
  gone.abort(new Error("enough"));
  await assertRejects(() => second, Error, "enough");
  const raw = new RawClient(waiting.network.connect());
  await raw.ask(upgradeHead());
  await first;
  assertEquals(JSON.parse(await raw.text() ?? ""), rowsOf(0, 5));
  raw.tcp.close();
  while (waiting.publisher.metrics().connections > 0) await turn();
  const third = waiting.publisher.publish(batchOf(10, 5));
  third.catch(() => {});
  await waiting.publisher[Symbol.asyncDispose]();
  await assertRejects(() => third, Error, "was closed");
});

/** Streams to a client that reads and one that does not for a while. */
async function withOneStalled(slowClients: "drop" | "conflate" | "close") {
  const { publisher, readers } = await fanOut({ slowClients, highWater: 4096 }, 2);
  readers[1].stall();
  for (let i = 0; i < 40; i++) {
    await publisher.publish(batchOf(10 * i, 10));
    while (readers[0].messages <= i) await turn();
  }
  const figures = publisher.metrics();
  assertEquals(readers[0].rows, rowsOf(0, 400));
  readers[1].go();
  await publisher[Symbol.asyncDispose]();
  await Promise.all(readers.map(({ done }) => done));
  return { figures, slow: readers[1] };
}

Deno.test("WebSocketServerPublisher drops for slow clients, and counts what", async () => {
  const { figures, slow } = await withOneStalled("drop");
  assert(figures.droppedMessages > 5);
  assertEquals(figures.droppedRecords, 10 * figures.droppedMessages);
  assertEquals(slow.messages, 40 - figures.droppedMessages);
  assertEquals(slow.rows, rowsOf(0, slow.rows.length));
});

Deno.test("WebSocketServerPublisher keeps the newest batch for slow clients", async () => {
  const { figures, slow } = await withOneStalled("conflate");
  assert(figures.droppedMessages > 5);
  assertEquals(slow.messages, 40 - figures.droppedMessages);
  assertEquals(slow.rows.slice(-10), rowsOf(390, 10));
  assertEquals(slow.rows.slice(0, -10), rowsOf(0, slow.rows.length - 10));
});

Deno.test("WebSocketServerPublisher closes the connections of slow clients", async () => {
  const { figures, slow } = await withOneStalled("close");
  assertEquals(figures.closedSlow, 1);
  assertEquals(slow.closed, "closed 1013 slower than the stream");
  assert(slow.messages < 40);
});

Deno.test("WebSocketServerPublisher cuts off a client that stops reading, and has the others wait no longer", async () => {
  const { publisher, readers } = await fanOut({ highWater: 4096, stallTimeout: "50ms" }, 2);
  readers[1].stall();
  for (let i = 0; i < 10; i++) await publisher.publish(batchOf(100 * i, 100));
  await publisher.flush();
  while (readers[0].messages < 10) await turn();
  assertEquals(readers[0].rows, rowsOf(0, 1000));
  assertEquals(publisher.metrics().connections, 1);
  readers[1].go();
  await publisher[Symbol.asyncDispose]();
  await Promise.all(readers.map(({ done }) => done));
});

Deno.test("WebSocketServerPublisher leaves time to its connections when nothing holds a stream back", async () => {
  const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
  const { publisher, readers } = await fanOut({ slowClients: "drop" }, 1);
  const stop = new AbortController();
  const streaming = new StreamingGenerator(generator).streamTo(publisher, { signal: stop.signal });
  while (readers[0].messages < 5) await turn();
  stop.abort();
  await assertRejects(() => streaming);
  await publisher[Symbol.asyncDispose]();
  await readers[0].done;
});

Deno.test("WebSocketServerPublisher tells clients that it takes no messages", async () => {
  const { publisher, network } = await fanOut({}, 0);
  const raw = new RawClient(network.connect());
  await raw.ask(upgradeHead());
  await raw.send(clientText(`{"action":"stream"}`));
  assertStringIncludes(await raw.text() ?? "", `{"error":"Cannot take message: this server sends`);
  await raw.send(clientFrame(8, new Uint8Array(0)));
  assertEquals(await raw.text(), "closed 1000 ");
  await publisher[Symbol.asyncDispose]();
});

Deno.test("WebSocketServerPublisher refuses options that cannot be", () => {
  const make = (options: WebSocketServerPublisherOptions) => () =>
    new WebSocketServerPublisher(options);
  assertThrows(make({ token: 5 as never }), TypeError, "received [secret]");
  assertThrows(
    make({ waitForClient: 1 as never }),
    TypeError,
    "waitForClient must be true or false",
  );
  assertThrows(make({ slowclients: "drop" } as never), TypeError, "did you mean slowClients?");
  assertThrows(make({ highWater: 0 }), RangeError, "highWater must be");
  assertThrows(make({ maxConnections: 0 }), RangeError, "maxConnections must be");
  assertThrows(make({ stallTimeout: 0 }), RangeError, "stallTimeout");
});

Deno.test("what waits for a client that leaves is counted as dropped, and not as sent", () => {
  const socket = { isOpen: true, bufferedBytes: 2, sendFrame: () => {} };
  const counts = new SentCounts();
  const outbox = new ClientOutbox(
    socket as unknown as ServerSocket,
    { slowClients: "conflate", highWater: 1, lowWater: 0 },
    counts,
  );
  for (const records of [1, 2, 4]) outbox.offer({ frame: new Uint8Array(1), records });
  socket.isOpen = false;
  outbox.settle();
  outbox.ended();
  assertEquals([counts.records, counts.droppedRecords], [1, 6]);
});
