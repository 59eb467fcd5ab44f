import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createGzip, gzipSync } from "node:zlib";
import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import {
  EventStreamSource,
  type EventStreamSourceOptions,
  from,
  HttpError,
  MemoryPublisher,
  RetryPolicy,
  schema,
  StreamingGenerator,
  SyntheticGenerator,
  toEventStream,
  types,
} from "../mod.ts";
import { denoNetwork, type Network } from "../src/runtime/network.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { EventStreamParser } from "../src/sources/http/event_stream_parser.ts";
import { jsonElements } from "../src/sources/http/json_elements.ts";
import { counterpart } from "./support/counterpart.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "send events",
});
const encoder = new TextEncoder();

function parsed(text: string, cuts: readonly number[] = []) {
  const parser = new EventStreamParser({ maxEventBytes: 1e6 });
  const bytes = encoder.encode(text);
  const at = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  const events = at.slice(1).flatMap((end, i) => parser.push(bytes.subarray(at[i], end)));
  return { events, retryMs: parser.retryMs, lastId: parser.lastId };
}

Deno.test("events are parsed as the specification's examples say", () => {
  const datas = (text: string) => parsed(text).events.map(({ data }) => data);
  assertEquals(datas("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
  const stream =
    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
  assertEquals(parsed(stream).events, [
    { event: "message", data: "first event", id: "1" },
    { event: "message", data: "second event", id: "" },
    { event: "message", data: " third event", id: "" },
  ]);
  assertEquals(datas("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
  assertEquals(datas("data:test\n\ndata: test\n\n"), ["test", "test"]);
  assertEquals(datas("\ufeffdata: a\r\rdata: b\r\n\r\n"), ["a", "b"]);
  const odd = parsed("event: add\nid: 7\0\nid: é\nretry: 250\nretry: 9s\ndata: x\n\nid: 8\n\n");
  assertEquals(odd, {
    events: [{ event: "add", data: "x", id: "é" }],
    retryMs: 250,
    lastId: "8",
  });
  assertEquals(parsed("event: add\n\ndata: x\n\n").events[0].event, "message");
});

Deno.test("events are those of npm:eventsource-parser, whatever the pieces are", () => {
  const piece = fc.constantFrom(
    ...["data: ", "data:", "data", "event: e", "id: 4", "id", ": c", "retry: 10", "x: y", "ö€😀"],
    ...["\n", "\n", "\r", "\r\n", "\n\n", " ", ":"],
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (all, cuts) => {
        const text = `data: s\n\n${all.join("")}`;
        const expected: unknown[] = [];
        const twin = createParser({
          onEvent: ({ data, event = "message" }) => expected.push({ data, event }),
        });
        twin.feed(text);
        const { events } = parsed(text, cuts);
        assertEquals(events.map(({ data, event }) => ({ data, event })), expected);
        assertEquals(events, parsed(text).events);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("an event that is too large is an error, before all of it has come", () => {
  const parser = new EventStreamParser({ maxEventBytes: 100 });
  parser.push(encoder.encode(`data: ${"x".repeat(80)}\n\ndata: ${"x".repeat(80)}\n\n`));
  parser.push(encoder.encode(`data: ${"x".repeat(60)}`));
  assertThrows(
    () => parser.push(encoder.encode("x".repeat(60))),
    Error,
    "maxEventBytes (100 bytes)",
  );
  const lines = new EventStreamParser({ maxEventBytes: 100 });
  assertThrows(() => lines.push(encoder.encode("data:x\n".repeat(99))), Error, "maxEventBytes");
});

Deno.test("the elements of a JSON array are told apart as they stand there", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.constantFrom(0, 2),
      (values, space) => {
        const elements = jsonElements(JSON.stringify(values, undefined, space));
        assertEquals(
          elements.map((text) => JSON.parse(text)),
          values.map((v) => JSON.parse(JSON.stringify(v))),
        );
      },
    ),
  );
  assertEquals(jsonElements(' [9007199254740993, "a]\\"," ] '), ["9007199254740993", '"a]\\","']);
  assertEquals(jsonElements("[ ]"), []);
  for (
    const text of ['{"a":[1]}', "[1", '["a]', "[1]]", "[1] x", "x", "[}", "[1}", "[,]", "[1,,2]"]
  ) {
    assertEquals(jsonElements(text), [text]);
  }
});

type Answer = (request: Request, call: number) => Response | Promise<Response>;

function serve(answer: Answer) {
  const requests: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    requests.push(request.headers.get("last-event-id"));
    return answer(request, requests.length - 1);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function events(body: BodyInit | null, status = 200) {
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  return new Response(body, { headers, status });
}

async function read(url: string, options: EventStreamSourceOptions, badRecords?: "skip") {
  const source = new EventStreamSource(url, options);
  const pipeline = from(source, { workers: 1, ...(badRecords && { badRecords }) });
  const rows = await Array.fromAsync(pipeline);
  return { rows, skipped: pipeline.metrics().skipped };
}

const ONCE = { reconnect: false } as const;
const GONE = () => new Response(null, { status: 204 });

Deno.test("EventStreamSource takes objects and arrays, of the types that are asked for", async () => {
  const body =
    'event: b\ndata: {"x":1,"y":null}\n\ndata: [{"x":2.5,"y":"a"},\ndata: {"x":3,"y":"b"}]\n\n' +
    "data: []\n\n";
  await using server = serve(() => events(body));
  const { rows } = await read(server.url, ONCE);
  assertEquals(rows, [{ x: 1, y: null }, { x: 2.5, y: "a" }, { x: 3, y: "b" }]);
  assertEquals((await read(server.url, { ...ONCE, events: "b" })).rows, [{ x: 1, y: null }]);
  const exact = schema({ n: types.i64 });
  await using large = serve(() => events('data: [{"n":9007199254740993}]\n\n'));
  assertEquals((await read(large.url, { ...ONCE, schema: exact })).rows, [{
    n: 9007199254740993n,
  }]);
});

Deno.test("EventStreamSource reads events as they come of a body that is encoded, in members or flushed", async () => {
  for (const flushes of [false, true]) {
    const held = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        const one = flushes ? createGzip() : undefined;
        one?.on("data", (chunk) => controller.enqueue(chunk));
        for (const n of [1, 2]) {
          const text = `data: {"n":${n}}\n\n`;
          if (!one) controller.enqueue(gzipSync(text));
          else await new Promise<void>((resolve) => (one.write(text), one.flush(() => resolve())));
        }
        await held.promise;
        controller.close();
      },
    });
    const headers = { "content-type": "text/event-stream", "content-encoding": "gzip" };
    await using server = serve(() => new Response(body, { headers }));
    const seen: unknown[] = [];
    for await (const { n } of from(new EventStreamSource(server.url), { workers: 1 })) {
      if (seen.push(n) === 2) break; // while there is no end in sight
    }
    assertEquals(seen, [1, 2]);
    held.resolve();
  }
});

Deno.test("EventStreamSource goes on behind the last event where a connection was lost", async () => {
  const generator = await SyntheticGenerator.fit(Array.from({ length: 50 }, (_, x) => ({ x })));
  const streamer = new StreamingGenerator(generator);
  const cut = [40, 3000, 0, 7777];
  await using server = serve(({ headers }, call) => {
    const start = Number(headers.get("last-event-id") ?? -1) + 1;
    if (start === 1000) return GONE();
    const stream = streamer.stream({ start, maxRecords: 1000 - start, batchSize: 10 });
    let left = cut[call] ?? Infinity;
    const lost = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        if (chunk.length > left) controller.terminate();
        left -= chunk.length;
      },
    });
    return events(toEventStream(stream, { id: start, retry: 1 }).pipeThrough(lost));
  });
  const { rows } = await read(server.url, {});
  assertEquals(rows.map(({ x }) => x), generator.sample(1000).toRows().map(({ x }) => x));
  assertEquals(server.requests.length, 6);
  assertEquals(server.requests[0], null);
});

Deno.test("EventStreamSource waits between connections, and gives up when nothing comes of them", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const times: number[] = [];
  const answers: (() => Response)[] = [
    () => events("retry: 9000\n\n"),
    () => events('data: {"x":1}\n\n'),
    () => new Response("busy", { status: 503, headers: { "retry-after": "20" } }),
    () => {
      throw new TypeError("fetch failed");
    },
    () => events(""),
  ];
  const network: Network = {
    ...denoNetwork,
    fetch: () => {
      times.push(Math.round(runtime.monotonicMs() / 1000));
      const answer = answers[Math.min(times.length, answers.length) - 1];
      return new Promise((resolve) => resolve(answer()));
    },
  };
  const retryPolicy = new RetryPolicy({ maxRetries: 3, initialBackoff: "10s", jitter: "none" });
  const source = new EventStreamSource("https://example.com/live", { network, retryPolicy });
  const error = await runtime.drive(() =>
    assertRejects(async () => {
      const opened = source.open({
        ...{ runtime, badRecords: "fail" as const, deadLetter: () => {} },
        signal: new AbortController().signal,
      });
      for await (const _ of opened);
    }, HttpError)
  );
  assertEquals(
    error.message,
    "Cannot read https://example.com/live: 4 connections ended before anything came; look whether it " +
      "is a stream of events, or pass reconnect: false",
  );
  // 9 s by retry:, twice; then Retry-After; then 20 and 40 s by the policy
  assertEquals(times, [0, 9, 18, 38, 58, 98]);
});

Deno.test("EventStreamSource does not call without end who asks for no wait, and gives nothing", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const controller = new AbortController();
  let calls = 0;
  const network: Network = {
    ...denoNetwork,
    fetch: () => {
      calls++;
      return Promise.resolve(events("retry: 0\n\n"));
    },
  };
  const source = new EventStreamSource("https://example.com/live", {
    network,
    schema: schema({ x: types.f64 }),
  });
  runtime.after(1000, () => controller.abort());
  const { signal } = controller;
  const deadLetter = () => {};
  await runtime.drive(() =>
    Array.fromAsync(source.open({ runtime, signal, badRecords: "fail", deadLetter }))
  );
  assert(calls > 1 && calls <= 11, `it was called ${calls} times in a second`);
});

Deno.test("EventStreamSource tells what is no stream of events", async () => {
  await using page = serve(() => new Response("<html>"));
  await assertRejects(() => read(page.url, {}), HttpError, 'and is "text/plain;charset=UTF-8"');
  await using none = serve(() => new Response(null, { status: 404 }));
  const error = await assertRejects(() => read(none.url, {}), HttpError, "the answer was 404");
  assertEquals(error.status, 404);
  await using large = serve(() => events(`data: "${"x".repeat(99)}`));
  await assertRejects(() => read(large.url, { maxEventBytes: 50 }), HttpError, "(50 bytes)");
});

Deno.test("what is no record goes the way of bad records, also before the first good one", async () => {
  const body =
    'data: hello\n\ndata: 7\n\ndata: {"x":1}\n\ndata: [1,{"x":2}]\n\ndata: {"x":"no"}\n\n';
  await using server = serve(() => events(body));
  assertEquals(await read(server.url, ONCE, "skip"), { rows: [{ x: 1 }, { x: 2 }], skipped: 4 });
  await assertRejects(() => read(server.url, ONCE), Error, "hello");
  const letters = new MemoryPublisher();
  const source = new EventStreamSource(server.url, ONCE);
  await from(source, { workers: 1, badRecords: "deadLetter", deadLetter: letters }).run();
  assertEquals(letters.length, 4);
});

Deno.test("a stream of events is left at once when nothing more is wanted", async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const body = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(encoder.encode('data: {"x":1}\n\n')),
      cancel: () => resolve(),
    });
  await using server = serve(() => events(body()));
  for await (const row of from(new EventStreamSource(server.url), { workers: 1 })) {
    assertEquals(row, { x: 1 });
    break;
  }
  await cancelled;
});

Deno.test("a connection that falls silent is made anew", async () => {
  const silent = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) =>
        controller.enqueue(encoder.encode('retry: 1\nid: 7\ndata: {"x":1}\n\n')),
    });
  await using server = serve((_, call) => call === 0 ? events(silent()) : GONE());
  const { rows } = await read(server.url, { silence: "50ms" });
  assertEquals(rows, [{ x: 1 }]);
  assertEquals(server.requests, [null, "7"]);
});

const SENDER = `
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        start = int(self.headers.get("Last-Event-ID", "-1")) + 1
        if start == 30:
            self.send_response(204)
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 1\\r\\n\\r\\n")
        for i in range(start, start + 10):
            text = json.dumps({"i": i, "name": "r\\u00f6w"}, indent=2, ensure_ascii=False)
            lines = "\\r\\n".join("data: " + line for line in text.split("\\n"))
            event = f"id: {i}\\r\\nevent: row\\r\\n{lines}\\r\\n\\r\\n".encode()
            for at in range(0, len(event), 7): self.wfile.write(event[at:at + 7])
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`;

Deno.test(
  python.test("EventStreamSource reads what Python's http.server sends, over several connections", async (program) => {
    const child = new Deno.Command(program, {
      args: ["-c", SENDER],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const { value } = await reader.read();
      const { rows } = await read(`http://127.0.0.1:${value!.trim()}`, { events: ["row"] });
      assertEquals(rows, Array.from({ length: 30 }, (_, i) => ({ i, name: "röw" })));
    } finally {
      child.kill();
      await reader.cancel();
      await child.status;
    }
  }),
);

Deno.test("EventStreamSource refuses what it cannot use", () => {
  const make = (options: object) => () => new EventStreamSource("http://x.y/", options);
  const refused: readonly [object, string][] = [
    [{ events: [] }, "such as"],
    [{ events: 7 }, "received 7"],
    [{ reconnect: 1 }, "true or false"],
    [{ lastEventId: "a\nb" }, "without line ends"],
    [{ retryPolicy: {} }, "a RetryPolicy"],
    [{ event: "a" }, "did you mean events?"],
    [{ ndjson: { maxDepth: "deep" } }, "maxDepth"],
    [{ headers: { "a b": "c" } }, '"a b" cannot be sent'],
  ];
  for (const [options, message] of refused) {
    const error = assertThrows(make(options), Error, message);
    assert(error instanceof TypeError || error instanceof RangeError);
  }
  assertThrows(() => new EventStreamSource("ws://x.y/"), TypeError, "begins with ws:");
  const post = new Request("http://x.y/", { method: "POST" });
  assertThrows(() => new EventStreamSource(post), TypeError, "must be a GET");
});
