import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BatchStream,
  from,
  RecordBatch,
  StreamingError,
  StreamingGenerator,
  SyntheticGenerator,
  toByteStream,
  toEventStream,
  WritableStreamPublisher,
} from "../mod.ts";
import { parquet } from "../src/sources/parquet.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { counterpart } from "./support/counterpart.ts";
import { rowsOf, testPublisher } from "./support/publisher_suite.ts";

const curl = counterpart({ program: "curl", purpose: "read what a Response gives" });
const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "read what a Response gives",
  pythonModules: ["fastavro"],
});
const decoder = new TextDecoder();

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count)) as RecordBatch;
}

/** A stream that collects what it takes, and stalls and fails as it is told. */
function sink<T>() {
  const taken: T[] = [];
  let going: PromiseWithResolvers<void> | undefined;
  let isClosed = false;
  const stream = new WritableStream<T>({
    async write(chunk) {
      await going?.promise;
      taken.push(chunk);
    },
    close: () => void (isClosed = true),
  });
  return {
    stream,
    taken,
    isClosed: () => isClosed,
    stall: () => void (going = Promise.withResolvers<void>()),
    go: () => {
      going?.resolve();
      going = undefined;
    },
  };
}

const TRAITS = { cannot: ["failNext", "break"] } as const;

testPublisher("WritableStreamPublisher of bytes", () => {
  const { stream, taken, stall, go } = sink<Uint8Array<ArrayBuffer>>();
  return Promise.resolve({
    publisher: new WritableStreamPublisher(stream, { format: "ndjson" }),
    arrived: async () => {
      const text = await new Blob(taken).text();
      return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    },
    ...{ stall, go },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, TRAITS);

testPublisher("WritableStreamPublisher of batches", () => {
  const { stream, taken, stall, go } = sink<RecordBatch>();
  return Promise.resolve({
    publisher: new WritableStreamPublisher(stream),
    arrived: () => Promise.resolve(taken.flatMap((batch) => batch.toRows())),
    ...{ stall, go },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, TRAITS);

Deno.test("WritableStreamPublisher closes its stream behind the last bytes, or leaves it open", async () => {
  for (const keepOpen of [false, true]) {
    const { stream, taken, isClosed } = sink<Uint8Array<ArrayBuffer>>();
    const publisher = new WritableStreamPublisher(stream, { format: "json", keepOpen });
    await publisher.publish(batchOf(0, 2));
    await publisher.publish(batchOf(2, 0));
    await publisher.publish(batchOf(2, 1));
    await publisher[Symbol.asyncDispose]();
    assertEquals(JSON.parse(await new Blob(taken).text()), rowsOf(0, 3));
    assertEquals([isClosed(), stream.locked], [!keepOpen, !keepOpen]);
  }
});

Deno.test("WritableStreamPublisher refuses a keepOpen that is neither true nor false", () => {
  const { stream } = sink<RecordBatch>();
  assertThrows(
    () => new WritableStreamPublisher(stream, { keepOpen: "yes" as never }),
    TypeError,
    'keepOpen must be true or false, received "yes"',
  );
  assertEquals(stream.locked, false);
});

Deno.test("a stream that fails is told once, and is not to be tried again", async () => {
  const stream = new WritableStream({ write: () => Promise.reject(new Error("socket hang up")) });
  const error = await assertRejects(async () => {
    await using publisher = new WritableStreamPublisher(stream, { format: "csv" });
    await publisher.publish(batchOf(0, 2));
  }, StreamingError);
  assertEquals(error.message, "Cannot write to the stream: socket hang up");
  assertEquals(error.retriable, false);
  const failsAtEnd = new WritableStream({ close: () => Promise.reject(new Error("disk full")) });
  const quiet = new WritableStreamPublisher(failsAtEnd);
  await quiet.publish(batchOf(0, 1));
  await assertRejects(
    async () => await quiet[Symbol.asyncDispose](),
    StreamingError,
    "Cannot write to the stream: disk full",
  );
  const { readable, writable } = new TransformStream();
  const aborted = new WritableStreamPublisher(writable, { format: "csv" });
  await aborted.abort(new Error("changed my mind"));
  await aborted[Symbol.asyncDispose]();
  await assertRejects(() => new Response(readable).bytes(), Error, "changed my mind");
});

Deno.test("what makes no stream is refused", () => {
  assertThrows(() => new WritableStreamPublisher(7 as never), TypeError, "received 7");
  const { stream } = sink<RecordBatch>();
  assertThrows(() => new WritableStreamPublisher(stream, { csv: {} }), TypeError, "without format");
  assertThrows(
    () => new WritableStreamPublisher(stream as never, { format: "xml" as never }),
    TypeError,
    "format must be",
  );
  stream.getWriter();
  assertThrows(() => new WritableStreamPublisher(stream), TypeError, "is locked");
  const wrong: readonly [unknown, string][] = [
    [7, "received 7"],
    [{}, "received an object"],
    [batchOf(0, 1), "received one batch"],
  ];
  for (const [batches, message] of wrong) {
    assertThrows(() => toByteStream(batches as BatchStream), TypeError, message);
    assertThrows(() => toEventStream(batches as BatchStream), TypeError, message);
  }
  assertThrows(() => toByteStream([], { format: "xml" as never }), TypeError, "format must be");
  assertThrows(() => toEventStream([], { event: "a\nb" }), TypeError, "of one line");
  assertThrows(() => toEventStream([], { id: -1 }), TypeError, "id must be");
  assertThrows(() => toEventStream([], { keepAlive: 0 }), RangeError, "keepAlive");
});

const generator = await SyntheticGenerator.fit(
  Array.from({ length: 60 }, (_, i) => ({ x: i, name: ["Tern", "Kiebitz, ö", '"q"'][i % 3] })),
);

/** A server whose answer is a stream; counts those that were cancelled. */
function serve(
  body: (path: string) => ReadableStream<Uint8Array<ArrayBuffer>>,
  type = "text/plain",
) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => new Response(body(new URL(url).pathname), { headers: { "content-type": type } }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const READ = `
import csv, io, json, sys
from fastavro import reader
raw = sys.stdin.buffer.read()
kind = sys.argv[1]
if kind == "json": rows = json.loads(raw)
elif kind == "ndjson": rows = [json.loads(line) for line in raw.decode().splitlines()]
elif kind == "avro": rows = list(reader(io.BytesIO(raw)))
else: rows = [{"x": int(r["x"]), "name": r["name"]} for r in csv.DictReader(io.StringIO(raw.decode(), newline=""))]
print(json.dumps(rows))
`;

async function run(program: string, args: readonly string[], input?: Uint8Array<ArrayBuffer>) {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: input ? "piped" : "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [{ stdout, code }] = await Promise.all([
    child.output(),
    input && new Blob([input]).stream().pipeTo(child.stdin),
  ]);
  assertEquals(code, 0);
  return stdout;
}

const rows = generator.sample(1000).toRows();
const batches = () => new StreamingGenerator(generator).stream({ batchSize: 99, maxRecords: 1000 });

Deno.test(
  curl.test("curl gets a stream of a generator in each format, which Python reads", async (program) => {
    await using server = serve((path) =>
      toByteStream(batches(), { format: path.slice(1) as "csv" })
    );
    for (const format of ["ndjson", "json", "csv", "avro"]) {
      const bytes = await run(program, ["-sS", "--fail", `${server.url}/${format}`]);
      if (python.path === undefined) continue;
      const read = await run(python.path, ["-c", READ, format], bytes as Uint8Array<ArrayBuffer>);
      assertEquals(JSON.parse(decoder.decode(read)), rows, format);
    }
  }),
);

Deno.test("a stream of bytes is made from pipelines and any iterables of batches", async () => {
  async function* later() {
    for (const batch of [batchOf(0, 2), batchOf(2, 0), batchOf(2, 1)]) yield await batch;
  }
  const expected = rowsOf(0, 3);
  const all: readonly BatchStream[] = [
    [batchOf(0, 1), batchOf(1, 2)],
    later(),
    from(expected, { workers: 1 }),
  ];
  for (const each of all) {
    assertEquals(await new Response(toByteStream(each, { format: "json" })).json(), expected);
  }
  assertEquals(await new Response(toByteStream([], { format: "json" })).json(), []);
  assertEquals(await new Response(toByteStream([], { format: "csv" })).text(), "");
});

Deno.test("a stream of bytes is a Parquet file where that is asked for", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/rows.parquet`;
  const { writable } = await Deno.open(path, { write: true, create: true });
  await toByteStream(batches(), { format: "parquet" }).pipeTo(writable);
  assertEquals(await Array.fromAsync(from(parquet(path), { workers: 1 })), rows);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a stream of bytes asks for a batch when the one before was read, and stops who makes them", async () => {
  let [made, ended] = [0, 0];
  function* endless() {
    try {
      while (true) yield batchOf(made++, 1);
    } finally {
      ended++;
    }
  }
  for (const stream of [toByteStream(endless()), toEventStream(endless())]) {
    [made, ended] = [0, 0];
    const reader = stream.getReader();
    assertEquals(made, 0);
    await reader.read();
    await reader.read();
    assertEquals(made, 2);
    await reader.cancel("enough");
    assertEquals(ended, 1);
  }
});

Deno.test("cancelling a stream ends the wait for what is not due yet", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const streamer = new StreamingGenerator(generator, { runtime });
  const slow = () => streamer.stream({ batchSize: 1, interval: "1h" });
  await runtime.drive(async () => {
    for (const stream of [toByteStream(slow()), toEventStream(slow(), { keepAlive: false })]) {
      const reader = stream.getReader();
      await reader.read();
      const startMs = runtime.monotonicMs();
      const pending = reader.read();
      await reader.cancel();
      assertEquals(await pending, { value: undefined, done: true });
      assertEquals(runtime.monotonicMs(), startMs);
    }
  });
});

Deno.test("what fails where batches are made fails the stream, and what is no batch does", async () => {
  async function* failing() {
    yield await batchOf(0, 1);
    throw new Error("out of birds");
  }
  for (const make of [toByteStream, toEventStream]) {
    const body = () => new Response(make(failing())).text();
    await assertRejects(body, Error, "out of birds");
    const rows = () => new Response(make([{ x: 1 }] as never)).text();
    await assertRejects(rows, TypeError, "it takes record batches, received an object");
  }
});

Deno.test("events have type, id and data, each record or each batch one", async () => {
  const text = (options: Parameters<typeof toEventStream>[1]) =>
    new Response(toEventStream([batchOf(0, 2), batchOf(2, 0), batchOf(2, 1)], options)).text();
  assertEquals(
    await text({ event: "bird", id: 7, retry: "3s" }),
    "retry: 3000\n\n" +
      [0, 1, 2].map((i) => `event: bird\nid: ${7 + i}\ndata: {"id":${i},"name":"röw ${i}"}\n\n`)
        .join(""),
  );
  assertEquals(
    await text({ each: "batch", id: "name" }),
    'id: röw 1\ndata: [{"id":0,"name":"röw 0"},{"id":1,"name":"röw 1"}]\n\n' +
      'id: röw 2\ndata: [{"id":2,"name":"röw 2"}]\n\n',
  );
  await assertRejects(() => text({ id: "nom" }), TypeError, 'no column "nom", only id, name');
  const broken = RecordBatch.fromRows([{ name: "a\nb" }]);
  await assertRejects(
    () => new Response(toEventStream([broken], { id: "name" })).text(),
    TypeError,
    "cannot be an id",
  );
  assertEquals(
    await new Response(toEventStream([broken])).text(),
    'data: {"name":"a\\nb"}\n\n',
  );
});

Deno.test("a comment keeps a quiet stream of events alive, and loses nothing", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const streamer = new StreamingGenerator(generator, { runtime });
  const slow = streamer.stream({ batchSize: 1, interval: "40s", maxBatches: 2 });
  const read = await runtime.drive(async () => {
    const times: unknown[] = [];
    for await (const chunk of toEventStream(slow, { runtime, each: "batch" })) {
      times.push([Math.round(runtime.monotonicMs() / 1000), decoder.decode(chunk).slice(0, 5)]);
    }
    return times;
  });
  assertEquals(read, [[0, "data:"], [15, ":\n\n"], [30, ":\n\n"], [40, "data:"]]);
});

Deno.test("the EventSource of the platform gets every record", async () => {
  await using server = serve(
    () => toEventStream(batches(), { event: "bird", id: 0 }),
    "text/event-stream",
  );
  const source = new EventSource(server.url);
  const got: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  source.addEventListener("bird", ({ data, lastEventId }) => {
    assertEquals(lastEventId, String(got.length));
    if (got.push(JSON.parse(data)) === rows.length) resolve();
  });
  await promise;
  source.close();
  assert(source.readyState === EventSource.CLOSED);
  assertEquals(got, rows);
});
