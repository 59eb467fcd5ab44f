import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  from,
  MemoryPublisher,
  StreamingGenerator,
  StreamServer,
  type StreamServerOptions,
  SyntheticGenerator,
  WebSocketSource,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { MemoryTcp } from "./support/memory_tcp.ts";
import { clientFrame, clientText, RawClient, upgradeHead } from "./support/raw_websocket.ts";

/** Rows whose key is their number, from 1. */
const numbered = await SyntheticGenerator.fit(
  Array.from({ length: 50 }, (_, i) => ({ id: i + 1, x: i % 7 })),
  { primaryKey: "id" },
);

/** A client of a server in virtual time. */
class Client {
  readonly raw: RawClient;

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  ask(request: unknown): Promise<void> {
    const text = typeof request === "string" ? request : JSON.stringify(request);
    return this.raw.send(clientText(text));
  }

  /** The next message. */
  // deno-lint-ignore no-explicit-any -- whatever comes
  async next(): Promise<any> {
    const text = await this.raw.text() ?? "";
    return text.startsWith("closed") || text === "" ? text : JSON.parse(text);
  }

  /** The numbers of the records of the next batch. */
  async ids(): Promise<number[]> {
    return (await this.next()).map(({ id }: { id: number }) => id - 1);
  }

  /** What comes next that is no batch. */
  // deno-lint-ignore no-explicit-any -- whatever comes
  async answer(): Promise<any> {
    for (let message = await this.next();; message = await this.next()) {
      if (!Array.isArray(message)) return message;
    }
  }
}

interface World {
  readonly runtime: SimulatedRuntime;
  readonly server: StreamServer;
  readonly streamer: StreamingGenerator<{ id: number; x: number }>;
  connect(target?: string): Promise<Client>;
}

async function world(
  options: StreamServerOptions & { capacity?: number },
  work: (world: World) => Promise<void>,
): Promise<void> {
  const { capacity = 100_000, ...rest } = options;
  const runtime = new SimulatedRuntime({ seed: 1 });
  const network = new MemoryTcp(capacity);
  const streamer = new StreamingGenerator(numbered, { runtime }) as World["streamer"];
  const server = new StreamServer(streamer, { network, runtime, stallTimeout: "60s", ...rest });
  await runtime.drive(async () => {
    await server.listen();
    const clients: RawClient[] = [];
    const connect = async (target = "/") => {
      const raw = new RawClient(network.connect());
      clients.push(raw);
      assertStringIncludes(await raw.ask(upgradeHead({}, target)), "HTTP/1.1 101 ");
      return new Client(raw);
    };
    await work({ runtime, server, streamer, connect });
    for (const { tcp } of clients) tcp.close();
    await server[Symbol.asyncDispose]();
  });
}

function numbers(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

Deno.test("StreamServer gives each connection a stream of its own as soon as it opens", async () => {
  await world({}, async ({ connect, runtime, server }) => {
    const first = await connect();
    const start = runtime.monotonicMs();
    for (let i = 0; i < 3; i++) assertEquals(await first.ids(), numbers(10 * i, 10 * i + 10));
    assertEquals(Math.round(runtime.monotonicMs() - start), 200);
    const second = await connect();
    assertEquals(await second.ids(), numbers(0, 10));
    assertEquals(await first.ids(), numbers(30, 40));
    const { connections, sentMessages, sentRecords } = server.metrics();
    assertEquals([connections, sentRecords], [2, sentMessages * 10]);
  });
});

Deno.test("StreamServer streams what a client asks for, behind the end of what it had", async () => {
  await world({}, async ({ connect, runtime }) => {
    const client = await connect();
    assertEquals(await client.ids(), numbers(0, 10));
    await client.ask({
      action: "stream",
      batchSize: 5,
      rate: 50,
      start: 100,
      conditions: { x: 3 },
    });
    assertEquals(await client.answer(), {
      done: { action: "stream", records: 10, dropped: 0, next: 10 },
    });
    const start = runtime.monotonicMs();
    for (let i = 0; i < 4; i++) {
      const rows = await client.next();
      assertEquals(rows.map(({ x }: { x: number }) => x), [3, 3, 3, 3, 3]);
    }
    assertEquals(Math.round(runtime.monotonicMs() - start), 400);
    await client.ask({ action: "stop" });
    const { done } = await client.answer();
    assertEquals([done.action, done.next], ["stream", 100 + done.records]);
    await client.ask({ action: "stream", records: 25, interval: "1s" });
    const sizes = [await client.ids(), await client.ids(), await client.ids()];
    assertEquals(sizes.map(({ length }) => length), [10, 10, 5]);
    assertEquals((await client.answer()).done, {
      action: "stream",
      records: 25,
      dropped: 0,
      next: 25,
    });
  });
});

Deno.test("StreamServer generates records once, no faster than maxRate", async () => {
  const options = { streamOnConnect: false, maxRate: 100, maxBatchSize: 20 };
  await world(options, async ({ connect, runtime }) => {
    const client = await connect();
    await client.ask({ action: "generate", records: 3 });
    assertEquals(await client.ids(), [0, 1, 2]);
    assertEquals((await client.next()).done.records, 3);
    const start = runtime.monotonicMs();
    await client.ask({ action: "generate", records: 50, start: 3, batchSize: 20 });
    const all = [...await client.ids(), ...await client.ids(), ...await client.ids()];
    assertEquals(all, numbers(3, 53));
    assertEquals((await client.next()).done, {
      action: "generate",
      records: 50,
      dropped: 0,
      next: 53,
    });
    assert(runtime.monotonicMs() - start >= 500);
  });
});

Deno.test("StreamServer gives the records of a seed, the same to all that ask for it", async () => {
  await world({}, async ({ connect }) => {
    const rows = (seed: number) => numbered.sample(2, { seed, start: 5 }).toRows();
    const client = await connect("/?seed=7&start=5&batchSize=2");
    assertEquals(await client.next(), rows(7));
    await client.ask({ action: "stream", seed: -8, start: 5, batchSize: 2 });
    await client.answer();
    assertEquals(await client.next(), rows(-8));
  });
});

Deno.test("StreamServer says why it cannot do what a client asks for, and goes on", async () => {
  await world({ interval: "10s", maxRecords: 1000 }, async ({ connect }) => {
    const client = await connect();
    await client.next();
    const cases: [request: unknown, error: string][] = [
      ["}", "Cannot take request: it is JSON such as"],
      ["[]", "the options are an object"],
      ["null", "received null"],
      [{}, 'action must be "stream", "generate" or "stop", received undefined'],
      [{ action: "dance" }, 'received "dance"'],
      [{ action: "stream", batchsize: 3 }, "did you mean batchSize?"],
      [{ action: "stop", seed: 1 }, '"stop" takes no seed'],
      [{ action: "stream", batchSize: 0 }, "from 1 to 1000, received 0"],
      [{ action: "stream", batchSize: 1001 }, "from 1 to 1000, received 1001"],
      [{ action: "stream", batchSize: "5" }, 'received "5"'],
      [{ action: "stream", batchSize: null }, "received null"],
      [
        { action: "stream", rate: 10_001 },
        "10001 records a second are more than this server gives",
      ],
      [{ action: "stream", rate: 0 }, "Cannot use rate"],
      [{ action: "stream", rate: {} }, "Cannot read rate"],
      [{ action: "stream", interval: 0 }, "no end of records a second"],
      [{ action: "stream", interval: "1ms", batchSize: 100 }, "100000 records a second"],
      [{ action: "stream", interval: "soon" }, "Cannot read interval"],
      [{ action: "stream", seed: 1.5 }, "seed must be a whole number"],
      [{ action: "stream", start: -1 }, "start must be a whole number from 0"],
      [{ action: "generate" }, "records must be a whole number from 1 to 1000, received undefined"],
      [{ action: "generate", records: 1001 }, "from 1 to 1000, received 1001"],
      [{ action: "generate", records: 5, rate: 3 }, 'without rate; ask for "stream"'],
      [{ action: "stream", conditions: { y: 1 } }, '"y"'],
      [{ action: "stream", conditions: { x: [">", 10] } }, 'no row can satisfy "x" > 10: "x" is'],
      [{ action: "stream", conditions: "{" }, "Cannot compile conditions"],
      [{ action: "stream", conditions: 5 }, "Cannot compile conditions"],
    ];
    for (const [request, error] of cases) {
      await client.ask(request);
      assertStringIncludes((await client.next()).error, error);
    }
    await client.raw.send(clientFrame(2, Uint8Array.of(1, 2)));
    assertStringIncludes((await client.next()).error, "received 2 bytes");
    await client.ask({ action: "stop" });
    assertEquals((await client.next()).done.records, 10);
  });
});

Deno.test("StreamServer reads a query as it reads a request, and ends a connection whose query cannot be", async () => {
  await world({}, async ({ connect }) => {
    const conditions = encodeURIComponent(JSON.stringify({ x: 2 }));
    const asked = await connect(
      `/?batchSize=3&interval=1s&conditions=${conditions}&access_token=x`,
    );
    assertEquals((await asked.next()).map(({ x }: { x: number }) => x), [2, 2, 2]);
    const generated = await connect("/?action=generate&records=2");
    assertEquals(await generated.ids(), [0, 1]);
    assertEquals((await generated.next()).done.records, 2);
    assertEquals(await generated.next(), "closed 1000 all records were sent");
    const more = await connect("/?records=10&rate=5");
    assertEquals((await more.ids()).length, 1);
    await more.ask({ action: "generate", records: 1 });
    await more.answer();
    assertEquals([await more.ids(), (await more.answer()).done.records], [[0], 1]);
    await more.ask({ action: "stop" });
    await more.ask({ action: "dance" });
    assertStringIncludes((await more.next()).error, "dance");
    const cases = {
      "/?batchSize=": "batchSize must be",
      "/?batchSize=3&batchSize=4": "stands twice",
      "/?rate=1000000": "more than this server gives",
      "/?__proto__=1": "there is no option",
      "/?action=generate": "records must be",
    };
    for (const [target, error] of Object.entries(cases)) {
      const client = await connect(target);
      assertStringIncludes((await client.next()).error, error);
      assertEquals(await client.next(), "closed 1008 the query cannot be met");
    }
  });
});

Deno.test("StreamServer gives what it gives where requests are off", async () => {
  await world({ requests: false }, async ({ connect }) => {
    const client = await connect();
    await client.ask({ action: "stop" });
    assertEquals(await client.answer(), { error: "Cannot take request: this server takes none" });
    assertEquals((await client.ids()).length, 10);
    const asks = await connect("/?seed=1");
    assertStringIncludes((await asks.next()).error, "this server takes none");
  });
});

Deno.test("StreamServer takes 20 requests a second of a client, and lets others wait in its own hands", async () => {
  await world({ streamOnConnect: false, capacity: 50 }, async ({ connect, runtime }) => {
    const client = await connect();
    const start = runtime.monotonicMs();
    const asking = (async () => {
      for (let i = 0; i < 40; i++) await client.ask("{}");
    })();
    for (let i = 0; i < 40; i++) assertStringIncludes((await client.next()).error, "action");
    await asking;
    assertEquals(Math.round((runtime.monotonicMs() - start) / 50), 39);
  });
});

Deno.test("StreamServer has a stream wait for a client that does not read, within highWater", async () => {
  await world({ capacity: 100, highWater: 1000 }, async ({ connect, runtime, server }) => {
    const client = await connect();
    await new Promise<void>((resolve) => runtime.after(20_000, resolve));
    const { sentBytes, droppedRecords } = server.metrics();
    assertEquals(droppedRecords, 0);
    assert(sentBytes < 1500, `${sentBytes} bytes were sent`);
    for (let i = 0; i < 10; i++) assertEquals(await client.ids(), numbers(10 * i, 10 * i + 10));
  });
});

Deno.test("StreamServer drops, conflates or closes for clients that do not read, and counts it", async () => {
  const tried = async (slowClients: StreamServerOptions["slowClients"]) => {
    let found: { ids: number[]; figures: ReturnType<StreamServer["metrics"]>; end: unknown };
    const options = { capacity: 100, highWater: 600, slowClients };
    await world(options, async ({ connect, runtime, server }) => {
      const client = await connect();
      await new Promise<void>((resolve) => runtime.after(5050, resolve));
      const figures = server.metrics();
      const ids: number[] = [];
      while (ids.length < 2 || ids.at(-1) === ids.at(-2)! + 10) {
        const message = await client.next();
        if (!Array.isArray(message)) return void (found = { ids, figures, end: message });
        ids.push(message[0].id - 1);
      }
      found = { ids, figures, end: undefined };
    });
    return found!;
  };
  const dropped = await tried("drop");
  assertEquals(dropped.ids.slice(0, 3), [0, 10, 20]);
  assert(dropped.ids.at(-1)! > 500);
  assert(dropped.figures.droppedMessages > 40);
  assertEquals(dropped.figures.sentMessages + dropped.figures.droppedMessages, 51);
  const conflated = await tried("conflate");
  assertEquals(conflated.ids.slice(0, 3), [0, 10, 20]);
  assertEquals(conflated.ids.at(-1), 500);
  const closed = await tried("close");
  assertEquals(closed.figures.closedSlow, 1);
  assertEquals(closed.end, "closed 1013 slower than the stream");
});

Deno.test("StreamServer ends a stream when its client leaves", async () => {
  await world({}, async ({ connect, runtime, server, streamer }) => {
    const client = await connect();
    await client.next();
    client.raw.tcp.close();
    await new Promise<void>((resolve) => runtime.after(1000, resolve));
    const { sentMessages, connections } = server.metrics();
    assert(sentMessages < 4);
    assertEquals(connections, 0);
    streamer.pause();
    const other = await connect("/?seed=3");
    await new Promise<void>((resolve) => runtime.after(1000, resolve));
    assertEquals(server.metrics().sentMessages, sentMessages);
    streamer.resume();
    assertEquals((await other.next()).length, 10);
  });
});

Deno.test("StreamServer leaves nothing open when it ends behind a request", async () => {
  const server = new StreamServer(numbered);
  const socket = new WebSocket((await server.listen()).uri);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  const done = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => data.includes('"generate"') && resolve();
  });
  await new Promise((resolve) => socket.onopen = resolve);
  socket.send('{"action":"generate","records":1}');
  await done;
  await server[Symbol.asyncDispose]();
  assertEquals((await closed).code, 1001);
});

Deno.test("StreamServer gives a pipeline as many records as its query asks for", async () => {
  await using server = new StreamServer(numbered, { streamOnConnect: false, interval: "5ms" });
  const { uri } = await server.listen();
  for (const query of ["action=generate&records=25&batchSize=10", "records=25"]) {
    const kept = new MemoryPublisher();
    await from(new WebSocketSource(`${uri}?${query}`), { workers: 1 }).to(kept).run();
    assertEquals(kept.rows().map(({ id }) => id), numbers(1, 26));
  }
});

Deno.test("StreamServer refuses options that cannot be", () => {
  const make = (options: StreamServerOptions) => () => new StreamServer(numbered, options);
  assertThrows(() => new StreamServer({} as never), TypeError, "it takes a StreamingGenerator");
  assertThrows(make({ batchsize: 5 } as never), TypeError, "did you mean batchSize?");
  assertThrows(make({ batchSize: 1001 }), RangeError, "batchSize must be");
  assertThrows(make({ interval: 0 }), RangeError, "more than maxRate");
  assertThrows(make({ interval: "1ms", batchSize: 100 }), RangeError, "make interval longer");
  assertThrows(make({ maxRate: 0 }), RangeError, "maxRate must be");
  assertThrows(make({ slowClients: "ignore" as never }), TypeError, "slowClients must be one of");
  assertThrows(make({ highWater: 10, lowWater: 11 }), RangeError, "lowWater must be");
  assertThrows(make({ format: "xml" as never }), TypeError, "format");
  assertThrows(make({ hostname: "0.0.0.0" }), TypeError, "without a token");
  assertThrows(make({ requests: 1 as never }), TypeError, "requests must be");
});
