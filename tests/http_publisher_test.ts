import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  HttpError,
  HttpPublisher,
  type HttpPublisherOptions,
  RecordBatch,
  RetryPolicy,
  StreamingGenerator,
  SyntheticGenerator,
} from "../mod.ts";
import "../src/codecs/msgpack/message_pack.ts";
import { zlib } from "../src/runtime/inflater.ts";
import { denoNetwork, type Network } from "../src/runtime/network.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { retryAfterMs } from "../src/sources/http/http_error.ts";
import { runScript } from "./support/run_script.ts";
import { counterpart } from "./support/counterpart.ts";
import { rowsOf, testPublisher } from "./support/publisher_suite.ts";

const SECRET = "sesame-31415";
const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "take what is published over HTTP",
  pythonModules: ["fastavro", "msgpack"],
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: Uint8Array) => unknown;

/** A server of Node's, each of whose requests is answered by a function. */
async function serve(answer: Answer) {
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // who asked has gone
    }
    await answer(
      request,
      response,
      new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()),
    );
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count)) as RecordBatch;
}

/** One that keeps what it has not had before, by the ids of requests. */
async function collecting() {
  const rows: Record<string, unknown>[] = [];
  const ids = new Set<unknown>();
  let [failures, calls] = [0, 0];
  let going: PromiseWithResolvers<void> | undefined;
  const server = await serve(async (request, response, body) => {
    await going?.promise;
    const id = request.headers["idempotency-key"];
    const take = () => {
      if (!ids.has(id)) rows.push(...JSON.parse(new TextDecoder().decode(body)));
      ids.add(id);
    };
    if (failures > 0) {
      failures--;
      const how = calls++ % 3;
      if (how === 0) return response.writeHead(503, { "retry-after": "0" }).end(`busy: ${SECRET}`);
      if (how === 1) take(); // and the answer is lost
      return request.socket.destroy();
    }
    take();
    response.writeHead(201).end("{}");
  });
  return {
    ...server,
    publisher: new HttpPublisher({
      url: `${server.url.replace("//", `//user:${SECRET}@`)}/rows?token=${SECRET}`,
      headers: { "x-token": SECRET },
      timeout: "5s",
    }),
    arrived: () => Promise.resolve(rows),
    failNext: (n: number) => void (failures = n),
    stall: () => void (going = Promise.withResolvers<void>()),
    go: () => {
      going?.resolve();
      going = undefined;
    },
    break: () => {
      for (const socket of server.sockets) socket.destroy();
    },
  };
}

// Where a connection is lost before an answer, fetch() may try again by itself.
testPublisher("HttpPublisher", collecting, { secret: SECRET, retries: true });

const GENERATOR = await SyntheticGenerator.fit(
  Array.from(
    { length: 100 },
    (_, i) => ({ id: i, name: ["gull", "ärn", 'tern, "x"'][i % 3], x: i / 8 }),
  ),
);

const PYTHON_SERVER = `
import csv, gzip, io, json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import msgpack
from fastavro import reader
rows, types = [], set()
def decode(kind, raw):
    if kind == "application/json": return json.loads(raw)
    if kind == "application/x-ndjson": return [json.loads(line) for line in raw.decode().splitlines()]
    if kind.startswith("text/csv"):
        return [{**r, "id": int(r["id"]), "x": float(r["x"])} for r in csv.DictReader(io.StringIO(raw.decode(), newline=""))]
    if kind == "application/avro": return list(reader(io.BytesIO(raw)))
    if kind == "application/vnd.msgpack": return msgpack.unpackb(raw)
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items(): self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip": raw = gzip.decompress(raw)
        if len(rows) == 300 and "refused" not in types:
            types.add("refused")
            return self.answer(429, b"slow down", Retry_After="0")
        rows.extend(decode(self.headers["Content-Type"], raw))
        types.add(self.command + " " + self.headers["Content-Type"])
        self.answer(200, b"taken")
    do_PUT = do_POST
    def do_GET(self):
        self.answer(200, json.dumps({"rows": rows, "types": sorted(types)}).encode())
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`;

async function pythonServer(program: string) {
  const child = new Deno.Command(program, {
    args: ["-c", PYTHON_SERVER],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  return {
    url: `http://127.0.0.1:${value!.trim()}`,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await reader.cancel();
      await child.status;
    },
  };
}

const KINDS: readonly [Partial<HttpPublisherOptions>, string][] = [
  [{ format: "json" }, "POST application/json"],
  [{ format: "ndjson", compression: "gzip", method: "PUT" }, "PUT application/x-ndjson"],
  [{ format: "csv", compression: "gzip" }, "POST text/csv; charset=utf-8"],
  [{ format: "avro" }, "POST application/avro"],
  [{ format: "msgpack" }, "POST application/vnd.msgpack"],
];

for (const [options, type] of KINDS) {
  const told = `${options.format}${options.compression ? " in gzip" : ""}`;
  Deno.test(
    python.test(`Python's http.server takes ${told} from HttpPublisher`, async (program) => {
      await using server = await pythonServer(program);
      {
        await using publisher = new HttpPublisher({ url: server.url, ...options });
        const streamer = new StreamingGenerator(GENERATOR, {
          retryPolicy: new RetryPolicy({ maxRetries: 1, initialBackoff: 1 }),
        });
        const report = await streamer.streamTo(publisher, { maxRecords: 500 });
        assertEquals(report.records, 500);
      }
      const { rows, types } = await (await fetch(server.url)).json();
      assertEquals(types, [type, "refused"].sort());
      const sample = GENERATOR.sample(500).toRows();
      assertEquals(rows, sample);
    }),
  );
}

Deno.test("HttpPublisher tells what can be tried again, and as long as it was asked to wait", async () => {
  const answers: [number, Record<string, string>, string][] = [
    [400, { "retry-after": "3" }, `bad ${SECRET}\n\u001b[31m`],
    [429, { "retry-after": "7" }, ""],
    [503, { "retry-after": "100000" }, ""],
    [408, {}, ""],
    [500, { "retry-after": "soon" }, ""],
    [302, { location: "/elsewhere" }, ""],
    [401, {}, ""],
  ];
  let next = 0;
  await using server = await serve((_, response) => {
    const [status, headers, body] = answers[next++];
    response.writeHead(status, headers).end(body);
  });
  await using publisher = new HttpPublisher({
    url: `${server.url}/in`,
    headers: { authorization: `Bearer ${SECRET}` },
    maxRetryAfter: "1m",
  });
  const told: unknown[] = [];
  for (const _ of answers) {
    const error = await assertRejects(() => publisher.publish(batchOf(0, 1)), HttpError);
    told.push([error.status, error.retriable, error.retryAfterMs]);
    assert(!Deno.inspect(error).includes(SECRET));
    if (error.status === 400) {
      assertEquals(
        error.message,
        `Cannot publish to ${server.url}/in: the answer was 400 Bad Request (bad [secret] \\u001b[31m)`,
      );
    }
    if (error.status === 302) {
      assert(error.message.endsWith(`use the new address, ${server.url}/elsewhere`));
    }
    if (error.status === 401) assert(error.message.endsWith("pass credentials in headers"));
  }
  assertEquals(told, [
    [400, false, undefined],
    [429, true, 7000],
    [503, true, 60_000],
    [408, true, undefined],
    [500, true, undefined],
    [302, false, undefined],
    [401, false, undefined],
  ]);
});

Deno.test("Retry-After is seconds, or a date in any of its three forms, or nothing", () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 30);
  const expected: readonly [string | null, number | undefined][] = [
    ["7", 7000],
    [" 0 ", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 7000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 7000],
    ["Sun Nov  6 08:49:37 1994", 7000],
    ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [header, ms] of expected) assertEquals(retryAfterMs(header, now), ms, `${header}`);
});

Deno.test("HttpPublisher follows redirects that keep the body, at the same origin", async () => {
  const seen: unknown[] = [];
  await using other = await serve((_, response) => response.end());
  await using server = await serve((request, response, body) => {
    seen.push([request.method, request.url, request.headers.authorization, body.length]);
    const to = { "/a": "/b", "/b": "/c", "/out": `${other.url}/x`, "/loop": "/loop" }[request.url!];
    if (to === undefined) return response.end();
    response.writeHead(request.url === "/b" ? 308 : 307, { location: to }).end();
  });
  const to = (path: string) =>
    new HttpPublisher({
      url: `${server.url}${path}`,
      headers: { Authorization: "Bearer abc" },
      redirect: "follow",
    });
  await using publisher = to("/a");
  const { bytes } = await publisher.publish(batchOf(0, 3));
  assertEquals(seen, ["/a", "/b", "/c"].map((path) => ["POST", path, "Bearer abc", bytes]));
  await using out = to("/out");
  const error = await assertRejects(() => out.publish(batchOf(0, 1)), HttpError, "answer was 307");
  assertEquals(error.retriable, false);
  seen.length = 0;
  await using loop = to("/loop");
  await assertRejects(() => loop.publish(batchOf(0, 1)), HttpError, "answer was 307");
  assertEquals(seen.length, 6);
});

Deno.test("HttpPublisher gives up an answer that does not come within timeout", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  let aborted: unknown;
  const network: Network = {
    ...denoNetwork,
    fetch: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(aborted = signal.reason));
      }),
  };
  const url = "https://example.com/in";
  const publisher = new HttpPublisher({ url, network, runtime, timeout: "3s" });
  await runtime.drive(async () => {
    const error = await assertRejects(() => publisher.publish(batchOf(0, 1)), HttpError);
    assertEquals(
      [error.message, error.retriable, runtime.monotonicMs()],
      [`Cannot publish to ${url}: there was no answer within timeout (3s)`, true, 3000],
    );
    assertEquals(aborted, error);
    await publisher[Symbol.asyncDispose]();
  });
});

Deno.test("HttpPublisher takes a good answer for one, though its body has no end", async () => {
  await using server = await serve((_request, response) =>
    void response.writeHead(200).write("so")
  );
  await using publisher = new HttpPublisher({ url: server.url, timeout: "50ms" });
  assertEquals((await publisher.publish(batchOf(0, 3))).records, 3);
  await publisher.publish(batchOf(3, 2));
});

Deno.test("HttpPublisher has as many requests under way as it is told, and no more", async () => {
  let [inside, most] = [0, 0];
  const waiting: (() => void)[] = [];
  await using server = await serve(async (_, response) => {
    most = Math.max(most, ++inside);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 3) waiting.splice(0).forEach((go) => go());
    });
    inside--;
    response.end();
  });
  await using publisher = new HttpPublisher({ url: server.url, concurrency: 3 });
  const publishing = Array.from({ length: 9 }, (_, i) => publisher.publish(batchOf(i, 1)));
  await publisher.flush();
  await Promise.all(publishing);
  assertEquals(most, 3);
});

Deno.test("a batch whose signal is aborted before its turn is not sent, and holds up no other", async () => {
  const seen: unknown[] = [];
  const going = Promise.withResolvers<void>();
  const { promise: isThere, resolve: there } = Promise.withResolvers<void>();
  await using server = await serve(async (_, response, body) => {
    seen.push(JSON.parse(new TextDecoder().decode(body))[0].id);
    there();
    await going.promise;
    response.end();
  });
  await using publisher = new HttpPublisher({ url: server.url });
  const [second, third] = [new AbortController(), new AbortController()];
  const publishing = [undefined, second.signal, third.signal, undefined].map((signal, i) =>
    publisher.publish(batchOf(i, 1), signal ? { signal } : {})
  );
  await isThere;
  third.abort(new Error("not the third"));
  await assertRejects(() => publishing[2], Error, "not the third");
  second.abort(new Error("nor the second"));
  going.resolve();
  await assertRejects(() => publishing[1], Error, "nor the second");
  await Promise.all([publishing[0], publishing[3], publisher.flush()]);
  assertEquals(seen, [0, 3]);
});

Deno.test("a batch keeps its id until it was taken, whoever tries it again", async () => {
  const ids: unknown[] = [];
  await using server = await serve((request, response) => {
    ids.push(request.headers["x-batch"]);
    response.writeHead(ids.length % 3 === 0 ? 200 : 500).end();
  });
  await using publisher = new HttpPublisher({ url: server.url, idHeader: "X-Batch" });
  const batch = batchOf(0, 1);
  for (let i = 0; i < 6; i++) await publisher.publish(batch).catch(() => {});
  const [first, , , second] = ids;
  assert(/^[a-z0-9]{12}-0$/.test(String(first)), `${first}`);
  assertEquals(ids, [first, first, first, second, second, second]);
  assert(first !== second);
});

Deno.test("CSV over HTTP has its header in every request, and other columns in another", async () => {
  const bodies: string[] = [];
  await using server = await serve((request, response, body) => {
    const { "content-encoding": encoding } = request.headers;
    const bytes = encoding === "zstd" ? zlib().zstdDecompressSync(body) : body;
    bodies.push(new TextDecoder().decode(bytes));
    response.end();
  });
  await using publisher = new HttpPublisher({
    ...{ url: server.url, format: "csv", compression: "zstd" },
    csv: { separator: ";" },
  });
  for (const rows of [[{ a: 1, b: 2 }], [{ a: 3, b: 4 }], [{ c: 5 }]]) {
    await publisher.publish(RecordBatch.fromRows<object>(rows) as RecordBatch);
  }
  assertEquals(bodies, ["a;b\n1;2\n", "a;b\n3;4\n", "c\n5\n"]);
});

Deno.test("HttpPublisher says which permission it lacks, once", async () => {
  const script = `
    import { HttpPublisher, RecordBatch, retrying } from "./mod.ts";
    const http = new HttpPublisher({ url: "http://u:${SECRET}@127.0.0.1:4321/in" });
    const told = ({ name, retriable, message }) => console.log(name, retriable, message);
    await retrying(http).publish(RecordBatch.fromRows([{ x: 1 }])).catch(told);`;
  const { out, error } = await runScript(script);
  assertEquals(error, "");
  assert(
    /^HttpError false Cannot publish to http:\/\/127.0.0.1:4321\/in: .*--allow-net/.test(out),
    out,
  );
});

Deno.test("HttpPublisher refuses what it cannot use, and tells no secrets", () => {
  const make = (options: object) => () => new HttpPublisher({ url: "http://x.y/", ...options });
  const refused: readonly [object, string][] = [
    [{ url: 7 }, "received 7"],
    [{ url: `nonsense ${SECRET}` }, "received one that cannot be read"],
    [{ url: `ftp://u:${SECRET}@x.y/` }, "that begins with ftp:"],
    [{ method: "GET" }, '"POST" or "PUT" or "PATCH"'],
    [{ format: "xml" }, "format must be"],
    [{ compression: "br" }, "compression must be"],
    [{ headers: [SECRET] }, "an array of 1"],
    [{ headers: { authorization: `${SECRET}\n` + "x" } }, '"authorization" cannot be sent'],
    [{ redirect: "manual" }, "redirect must be"],
    [{ idHeader: "a b" }, "idHeader must be"],
    [{ uri: "http://x.y/" }, "did you mean url?"],
    [{ csv: { separator: "" }, format: "csv" }, "separator"],
  ];
  for (const [options, message] of refused) {
    const error = assertThrows(make(options), TypeError, message);
    assert(!error.message.includes(SECRET), error.message);
  }
  assertThrows(make({ timeout: 0 }), RangeError, "timeout");
  assertThrows(make({ concurrency: 0 }), RangeError, "concurrency");
});
