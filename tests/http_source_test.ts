import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  count,
  from,
  HttpError,
  HttpSource,
  type HttpSourceFormat,
  type HttpSourceOptions,
  RetryPolicy,
  StreamingGenerator,
  sum,
  SyntheticGenerator,
  toByteStream,
  TumblingWindow,
} from "../mod.ts";
import { zlib } from "../src/runtime/inflater.ts";
import { counterpart } from "./support/counterpart.ts";
import { Random } from "./support/random.ts";

const SECRET = "sesame-31415";
const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "serve files over HTTP",
});

/** A server of Node's, which can break connections. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const sockets = new Set<Socket>();
  const server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const FAST = new RetryPolicy({ maxRetries: 4, initialBackoff: 1, maxBackoff: 4 });
const NEVER = new RetryPolicy({ maxRetries: 0 });
const ROWS = 5000;
const generator = await SyntheticGenerator.fit(
  Array.from({ length: 60 }, (_, i) => ({ at: i * 1000, bird: ["gull", "tern, ö"][i % 2], n: i })),
);
const expected = generator.sample(ROWS).toRows();

async function bytesOf(format: HttpSourceFormat): Promise<Uint8Array<ArrayBuffer>> {
  const batches = new StreamingGenerator(generator).stream({ maxRecords: ROWS, batchSize: 700 });
  return await new Response(toByteStream(batches, { format })).bytes();
}

async function read(url: string, options: HttpSourceOptions = {}) {
  const source = new HttpSource(url, { retryPolicy: FAST, ...options });
  return await Array.fromAsync(from(source, { workers: 1 }));
}

/** Rows without what formats write in different ways. */
function plain(rows: readonly Record<string, unknown>[]) {
  return rows.map(({ at, bird, n }) => ({ at: Number(at), bird, n: Number(n) }));
}

const ENCODINGS = {
  identity: (bytes: Uint8Array) => bytes,
  gzip: (bytes: Uint8Array) => zlib().gzipSync(bytes),
  br: (bytes: Uint8Array) => zlib().brotliCompressSync(bytes),
  zstd: (bytes: Uint8Array) => zlib().zstdCompressSync(bytes),
};

Deno.test("HttpSource reads each format, encoded in any way or compressed as it is", async () => {
  const formats = ["ndjson", "json", "csv", "avro"] as const;
  const bodies = Object.fromEntries(
    await Promise.all(formats.map(async (format) => [format, await bytesOf(format)])),
  );
  await using server = await serve(({ url }, response) => {
    const [, how, name] = url!.split("/");
    const encode = ENCODINGS[how as keyof typeof ENCODINGS] ?? ENCODINGS.gzip;
    if (how !== "file") response.setHeader("content-encoding", how);
    response.end(encode(bodies[name.split(".")[1]]));
  });
  for (const format of formats) {
    for (const how of [...Object.keys(ENCODINGS), "file"]) {
      const name = `birds.${format}${how === "file" ? ".gz" : ""}`;
      const rows = await read(`${server.url}/${how}/${name}`);
      assertEquals(plain(rows), plain(expected), `${format} ${how}`);
    }
  }
});

Deno.test(
  python.test("HttpSource feeds windows from Python's http.server, on two bees", async (program) => {
    const folder = await Deno.makeTempDir();
    await Deno.writeFile(`${folder}/birds.csv`, await bytesOf("csv"));
    const script = `
import functools, http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass
handler = functools.partial(Handler, directory=${JSON.stringify(folder)})
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()`;
    const child = new Deno.Command(program, { args: ["-c", script], stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const { value } = await reader.read();
      const source = new HttpSource(`http://127.0.0.1:${value!.trim()}/birds.csv`);
      const windows = from(source, { workers: 2 })
        .timestamps("at", { format: "ms", maxDisorder: "1d" })
        .keyBy("bird")
        .window(new TumblingWindow({ size: "1d" }))
        .aggregate({ rows: count(), all: sum("n") });
      const totals = await Array.fromAsync(windows);
      const total = (name: "rows" | "all") =>
        totals.reduce((all, row) => all + Number(row[name]), 0);
      assertEquals(total("rows"), ROWS);
      assertEquals(total("all"), expected.reduce((all, { n }) => all + Number(n), 0));
      await assertRejects(
        () => read(`http://127.0.0.1:${value!.trim()}/none.csv`),
        HttpError,
        "the answer was 404 Not Found; look whether the address is right",
      );
    } finally {
      child.kill();
      await reader.cancel();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    }
  }),
);

Deno.test("HttpSource reads all members of an encoded body, however its bytes come, and checks them", async () => {
  const body = await bytesOf("ndjson");
  const members = [0, 70_000, 70_000, 200_000].map((start, at, all) =>
    zlib().gzipSync(body.subarray(start, all[at + 1]))
  );
  const whole = new Uint8Array(Buffer.concat(members));
  const bodies: Record<string, Uint8Array> = {
    whole,
    cut: whole.subarray(0, -3),
    damaged: whole.map((byte, at) => at === whole.length - 6 ? byte ^ 1 : byte),
    followed: Uint8Array.from([...whole, 1, 2, 3]),
    empty: new Uint8Array(0),
    one: zlib().gzipSync(body),
  };
  await using server = await serve(async ({ url }, response) => {
    const [, encoding, name, chunkBytes] = url!.split("/");
    response.setHeader("content-encoding", encoding);
    const bytes = bodies[name];
    for (let at = 0; at < bytes.length; at += Number(chunkBytes)) {
      await new Promise((resolve) =>
        response.write(bytes.subarray(at, at + Number(chunkBytes)), resolve)
      );
    }
    response.end();
  });
  const get = (path: string, options?: HttpSourceOptions) =>
    read(`${server.url}/${path}/birds.ndjson`, { retryPolicy: NEVER, ...options });
  for (const path of ["gzip/whole/1000000", "GZIP/whole/7919", "x-gzip/whole/7919"]) {
    assertEquals(plain(await get(path)), plain(expected), path);
    assertEquals((await get(path, { ndjson: { compression: "none" } })).length, ROWS, path);
  }
  assertEquals(await get("gzip/empty/1"), []);
  const decodedByFetch = await get("gzip/one/7919", { headers: { "Accept-Encoding": "gzip" } });
  assertEquals(plain(decodedByFetch), plain(expected));
  const faults = { cut: "ends within the trailer", damaged: "CRC-32", followed: "garbage follows" };
  for (const [name, why] of Object.entries(faults)) {
    const { message } = await assertRejects(() => get(`gzip/${name}/7919`), HttpError, why);
    assert(message.startsWith(`Cannot read ${server.url}/gzip/${name}`), message);
  }
});

/** Answers in pieces, and breaks off where it is told to. */
async function breaking(body: Uint8Array, how: {
  readonly tag?: (call: number) => string | undefined;
  readonly cuts: readonly number[];
  readonly ranges?: boolean;
  readonly encoding?: "gzip";
  readonly body?: (call: number) => Uint8Array;
}) {
  const asked: unknown[] = [];
  const server = await serve((request, response) => {
    const call = asked.length;
    const { range } = request.headers;
    asked.push(range);
    const all = how.body?.(call) ?? body;
    const tag = how.tag?.(call);
    if (tag !== undefined) response.setHeader("etag", tag);
    if (how.encoding) response.setHeader("content-encoding", how.encoding);
    const isPart = range !== undefined && (how.ranges ?? true) &&
      request.headers["if-range"] === tag;
    const start = isPart ? Number(/=(\d+)-/.exec(range)![1]) : 0;
    const part = all.subarray(start);
    if (isPart) {
      response.setHeader("content-range", `bytes ${start}-${all.length - 1}/${all.length}`);
    }
    response.writeHead(isPart ? 206 : 200, { "content-length": part.length });
    const cut = how.cuts[call];
    if (cut === undefined) return response.end(part);
    response.write(part.subarray(0, cut), () => setTimeout(() => request.socket.destroy(), 5));
  });
  return { ...server, asked };
}

Deno.test("HttpSource goes on where a connection was lost, by Range where it can, each record once", async () => {
  const body = await bytesOf("ndjson");
  for (let seed = 1; seed <= 4; seed++) {
    const random = new Random(seed);
    const cuts = Array.from({ length: 3 }, () => 1 + random.below(body.length / 3));
    const ranges = seed % 2 === 0;
    await using server = await breaking(body, { tag: () => '"v1"', cuts, ranges });
    const rows = await read(`${server.url}/birds.ndjson`);
    assertEquals(plain(rows), plain(expected), `seed ${seed}`);
    assertEquals(server.asked.length, 4);
    assert(server.asked.slice(1).every((range) => /^bytes=\d+-$/.test(String(range))));
  }
});

Deno.test("HttpSource passes over what it has of an encoded body that comes again", async () => {
  const body = zlib().gzipSync(await bytesOf("csv"));
  const cuts = [body.length >> 1];
  await using server = await breaking(body, { tag: () => '"v1"', cuts, encoding: "gzip" });
  const rows = await read(`${server.url}/birds.csv`);
  assertEquals(plain(rows), plain(expected));
  assertEquals(server.asked, [undefined, undefined]);
});

Deno.test("HttpSource does not go on in the middle where it cannot be certain", async () => {
  const body = await bytesOf("ndjson");
  const cuts = [100_000];
  const fails = async (how: Omit<Parameters<typeof breaking>[1], "cuts">, message: string) => {
    await using server = await breaking(body, { cuts, ...how });
    const error = await assertRejects(() => read(`${server.url}/birds.ndjson`), HttpError, message);
    assertEquals(error.retriable, false);
  };
  await fails({}, "without an ETag");
  await fails({ tag: () => 'W/"v1"' }, "without an ETag");
  await fails({ tag: (call) => `"v${call}"` }, "changed while it was read: its ETag is another");
  await fails({
    tag: () => '"v1"',
    ranges: false,
    body: (call) => call === 0 ? body : body.subarray(0, 50_000),
  }, "it has become shorter");
});

Deno.test("HttpSource asks again when the answer may be another, and not else", async () => {
  let calls = 0;
  await using server = await serve(({ url, headers, socket }, response) => {
    calls++;
    assertEquals(headers.authorization, `Bearer ${SECRET}`);
    if (url!.startsWith("/down")) return response.writeHead(503).end(`no ${SECRET}`);
    if (url!.startsWith("/bad")) return response.writeHead(400).end();
    if (url!.startsWith("/mute")) return;
    if (calls === 1) return socket.destroy();
    if (calls === 2) return response.writeHead(429, { "retry-after": "0" }).end();
    response.end("n\n1\n");
  });
  const headers = { authorization: `Bearer ${SECRET}` };
  const get = (path: string, options = {}) =>
    read(`${server.url}/${path}.csv?key=${SECRET}`, { headers, ...options });
  assertEquals(await get("late"), [{ n: 1 }]);
  const fails = async (path: string, expectedCalls: number, options = {}) => {
    calls = 0;
    const error = await assertRejects(() => get(path, options), HttpError);
    assertEquals(calls, expectedCalls);
    assert(!Deno.inspect(error).includes(SECRET));
    return error;
  };
  const down = await fails("down", 5);
  assertEquals(
    down.message,
    `Cannot read ${server.url}/down.csv?…: the answer was 503 Service Unavailable (no [secret])`,
  );
  await fails("bad", 1);
  const retryPolicy = new RetryPolicy({ maxRetries: 1, initialBackoff: 1 });
  const mute = await fails("mute", 2, { timeout: "300ms", retryPolicy });
  assert(mute.message.endsWith("nothing came within 300ms"), mute.message);
});

Deno.test("HttpSource follows redirects, and takes no credentials to other origins", async () => {
  const seen: unknown[] = [];
  await using other = await serve((request, response) => {
    seen.push([request.url, request.headers["x-token"]]);
    response.end("n\n7\n");
  });
  await using server = await serve((request, response) => {
    seen.push([request.url, request.headers["x-token"]]);
    const location = request.url === "/a.csv" ? "/b" : `${other.url}/c`;
    response.writeHead(request.url === "/a.csv" ? 301 : 302, { location }).end("moved");
  });
  const headers = { "X-Token": SECRET };
  assertEquals(await read(`${server.url}/a.csv`, { headers }), [{ n: 7 }]);
  assertEquals(seen, [["/a.csv", SECRET], ["/b", SECRET], ["/c", undefined]]);
  await using loop = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
  await assertRejects(() => read(`${loop.url}/a.csv`), HttpError, "use the new address");
  for (const location of ["file:///etc/passwd", "data:text/csv,n%0A7"]) {
    await using away = await serve((_, response) => response.writeHead(302, { location }).end());
    const why = `it leads to ${location.slice(0, 5)}, out of the web`;
    await assertRejects(() => read(`${away.url}/a.csv`), HttpError, why);
  }
});

Deno.test("HttpSource leaves at once when nothing more is wanted", async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  await using server = await serve(({ socket }, response) => {
    socket.on("close", () => resolve());
    response.write(`${'{"x":1}\n'.repeat(2000)}`); // and no end
  });
  const source = new HttpSource<{ x: number }>(`${server.url}/x.ndjson`);
  for await (const { x } of from(source, { workers: 1 })) {
    assertEquals(x, 1);
    break;
  }
  await left;
});

Deno.test("HttpSource reads again from the start when it is run again, and a Request's headers", async () => {
  await using server = await serve(({ headers }, response) =>
    response.end(`n\n${headers["x-n"]}\n`)
  );
  const request = new Request(`${server.url}/n.csv`, { headers: { "x-n": "5" } });
  const source = new HttpSource(request);
  assertEquals(source.name, `${server.url}/n.csv`);
  for (let run = 0; run < 2; run++) {
    assertEquals(await Array.fromAsync(from(source, { workers: 1 })), [{ n: 5 }]);
  }
});

Deno.test("HttpSource refuses what it cannot use", () => {
  const make = (options: object, url = "http://x.y/a.csv") => () => new HttpSource(url, options);
  const refused: readonly [() => unknown, string][] = [
    [make({}, "http://x.y/a"), "does not say what it has"],
    [make({ format: "xml" }), "format must be"],
    [make({ ndjson: {} }), 'ndjson says how ndjson is read, and the format is "csv"'],
    [make({ csv: { separator: "ab" } }), "separator"],
    [make({ retryPolicy: 3 }), "a RetryPolicy"],
    [make({ delimiter: ";" }), "no option"],
    [make({}, "birds.csv"), "received one that cannot be read"],
    [() => new HttpSource(new Request("http://x.y/a.csv", { method: "PUT" })), "must be a GET"],
  ];
  for (const [work, message] of refused) assertThrows(work, TypeError, message);
});
