import { assert, assertEquals } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { fromMessagePack } from "../src/codecs/msgpack/message_pack.ts";
import { KeptProcess, waggle } from "./support/kept_process.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const model = `${folder}/model.waggle`;
const generator = await SyntheticGenerator.fit(
  Array.from({ length: 200 }, (_, i) => ({ id: i + 1, city: ["Rome", "Paris"][i % 2] })),
  { primaryKey: "id" },
);
await generator.save(model);
const sampled = (count: number, seed = 0) => generator.sample(count, { seed }).toRows();

/** A server of WebSockets, and what it has received. */
function webSocketServer(received: (data: string | ArrayBuffer, socket: WebSocket) => void) {
  const headers: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    headers.push(request.headers.get("x-who"));
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => received(data, socket);
    return response;
  });
  return { server, headers, uri: `ws://127.0.0.1:${server.addr.port}` };
}

Deno.test("waggle stream --websocket sends each batch as a message, with headers", async () => {
  const messages: unknown[] = [];
  const { server, headers, uri } = webSocketServer((data) =>
    messages.push(JSON.parse(data as string))
  );
  const args = ["stream", model, "--websocket", uri, "--batch-size", "30", "--max-records", "70"];
  const { code, out, err } = await waggle([...args, "--header", "X-Who: bee", "--seed", "4"]);
  await server.shutdown();
  assertEquals([code, out], [0, ""], err);
  assertEquals(messages.map((rows) => (rows as unknown[]).length), [30, 30, 10]);
  assertEquals(messages.flat(), sampled(70, 4));
  assertEquals(headers, ["bee"]);
  assert(/^70 records in 3 batches to the WebSocket, [\d,]+\/s\n$/.test(err), err);
});

Deno.test("waggle stream --websocket takes MessagePack and acknowledgements", async () => {
  const rows: unknown[] = [];
  const { server, uri } = webSocketServer((data, socket) => {
    const bytes = new Uint8Array(data as ArrayBuffer);
    rows.push(...fromMessagePack(bytes.subarray(8)).toRows());
    const id = Number(new DataView(data as ArrayBuffer).getBigUint64(0));
    socket.send(JSON.stringify({ ack: id }));
  });
  const args = ["stream", model, "--websocket", uri, "--format", "msgpack", "--acknowledge"];
  const { code, err } = await waggle([...args, "--max-records", "250", "-q"]);
  await server.shutdown();
  assertEquals([code, err], [0, ""]);
  assertEquals(rows, sampled(250));
});

Deno.test("waggle stream --websocket tells when its connection is lost, and when there is another", async () => {
  const process = new KeptProcess();
  const told = Promise.withResolvers<void>();
  const { write } = process.stderr;
  Object.assign(process.stderr, {
    write: (bytes: Uint8Array) => {
      write(bytes);
      if (process.err.includes("; trying again\n")) told.resolve();
    },
  });
  const rows: unknown[] = [];
  let connections = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (connections++ > 0) await told.promise;
      const { socket, response } = Deno.upgradeWebSocket(request);
      const isFirst = connections === 1;
      socket.onmessage = ({ data }) => {
        if (isFirst) return socket.close(1012, "restarting");
        const { id } = JSON.parse(data);
        rows.push(id);
        socket.send(JSON.stringify({ ack: id }));
      };
      return response;
    },
  );
  const uri = `ws://127.0.0.1:${server.addr.port}`;
  const args = ["stream", model, "--websocket", uri, "--max-records", "1"];
  const { code, err } = await waggle([...args, "--max-batches", "1", "--acknowledge"], process);
  await server.shutdown();
  assertEquals(code, 0, err);
  const [lost, again] = err.split("\n");
  assert(/restarting.*; trying again$/.test(lost), err);
  assert(again === "connected again" || again.startsWith("1 record in 1 batch"), err);
  assertEquals([connections, rows.length], [2, 1]);
});

Deno.test("waggle stream --http posts each batch, and tries again what failed", async () => {
  const bodies: string[] = [];
  let failures = 2;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.text();
      if (failures-- > 0) return new Response("busy", { status: 503 });
      bodies.push(`${request.headers.get("content-type")} ${body}`);
      return new Response(null, { status: 204 });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/in`;
  const args = ["stream", model, "--http", url, "--format", "csv", "--max-records", "120"];
  const { code, err } = await waggle([...args, "--on-error", "retry", "--max-backoff", "1ms"]);
  await server.shutdown();
  assertEquals(code, 0, err);
  assertEquals(bodies.length, 2);
  assert(bodies.every((body) => /^text\/csv\S*.* id,city\n/s.test(body)), bodies[0]);
  assertEquals(bodies.map((body) => body.trimEnd().split("\n").length), [101, 21]);
  assert(err.includes("120 records in 2 batches to the server") && err.includes("2 retries"), err);
});

/** Waits for the address that a server tells. */
async function address(process: KeptProcess): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const [uri] = /ws:\/\/[\w.:]+\//.exec(process.err) ?? [];
    if (uri !== undefined) return uri;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no address: ${process.err}`);
}

/** What a client that is no WebSocket is answered. */
async function refusal(uri: string, headers: Record<string, string>) {
  const response = await fetch(uri.replace(/^ws/, "http"), { headers });
  await response.text();
  return response;
}

/** The first messages of a connection, which then closes. */
async function firstMessages(uri: string, count: number, protocols: string[] = []) {
  const socket = new WebSocket(uri, protocols);
  const messages: string[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error("refused"));
    socket.onmessage = ({ data }) => {
      messages.push(data);
      if (messages.length >= count) resolve();
    };
  });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  return messages.slice(0, count);
}

Deno.test("waggle stream --serve gives each client a stream of its own, until Ctrl-C", async () => {
  const process = new KeptProcess();
  const figures = `${folder}/served.json`;
  Deno.writeTextFileSync(figures, "those of the last time");
  const args = [
    "stream",
    model,
    "--serve",
    "0",
    "--batch-size",
    "5",
    "--interval",
    "2ms",
    "--force",
  ];
  const running = waggle([...args, "--token", "of-bees", "--metrics-json", figures], process);
  const uri = await address(process);
  for (let client = 0; client < 2; client++) {
    const messages = await firstMessages(uri, 3, ["waggle", "bearer.of-bees"]);
    assertEquals(messages.flatMap((text) => JSON.parse(text)), sampled(15));
  }
  await firstMessages(uri, 1).then(() => assert(false), () => {});
  while (!process.err.includes(" 401: ")) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let attempt = 0; attempt < 2; attempt++) {
    const page = { origin: "https://page.example", authorization: "Bearer of-bees" };
    assertEquals((await refusal(uri, page)).status, 403);
  }
  assert(
    process.err.startsWith(`serving streams at ${uri} (Ctrl-C ends it)\n`),
    process.err,
  );
  process.interrupt();
  const { code, out, err } = await running;
  assertEquals([code, out], [130, ""]);
  assert(/ clients of 2, [\d,]+ records, 3 refused, interrupted\n$/.test(err), err);
  assertEquals(err.match(/^refused.*$/gm), [
    'refused a client by 401: A token is needed: give it by the header "Authorization: Bearer ' +
    'of-a-token", or from a web page by the protocols "waggle" and "bearer.of-a-token"',
    'refused a client by 403: Web pages of "https://page.example" may not connect; ' +
    "pass --origin https://page.example",
  ]);
  const { accepted, sentRecords } = JSON.parse(Deno.readTextFileSync(figures));
  assert(accepted === 2 && sentRecords >= 30);
});

Deno.test("waggle stream --serve --broadcast sends one stream to all", async () => {
  const process = new KeptProcess();
  const args = ["stream", model, "--serve", "127.0.0.1:0", "--broadcast", "--batch-size", "7"];
  const running = waggle(
    [...args, "--max-records", "70", "--conditions", '{"city":"Rome"}'],
    process,
  );
  const uri = await address(process);
  const messages = await firstMessages(uri, 10);
  const { code, err } = await running;
  assertEquals(code, 0, err);
  const rows = messages.flatMap((text) => JSON.parse(text));
  assertEquals(rows.length, 70);
  assert(rows.every(({ city }: { city: string }) => city === "Rome"));
  assert(err.includes("70 records in 10 batches to clients of ws://127.0.0.1:"), err);
});

Deno.test("sinks that cannot be are told with their flags, and end with 2", async () => {
  const cases: [string[], string][] = [
    [["--serve", "0", "--rate-limit", "5"], "--rate-limit is of one stream, and with --serve each"],
    [["--serve", "0", "--max-backoff", "5"], "--max-backoff is of one stream"],
    [["--serve", "0", "--interval", "0"], "--interval that is not 0"],
    [["--serve", "99999"], "--serve takes a port, or a host and a port"],
    [["--serve", "0.0.0.0:0"], "pass --token, an address of this machine alone, or --insecure"],
    [["--serve", "0", "--token", "a b"], "--token must be a text of visible ASCII characters"],
    [["--serve", "0", "--origin", "x"], '--origin is such as "https://example.org"'],
    [
      ["--serve", "0", "-f", "csv"],
      "--format csv cannot be with --serve, which takes json, ndjson",
    ],
    [["--serve", "0", "-o", "x.csv"], "give one of --output and --serve"],
    [["--broadcast"], "--broadcast is of --serve; pass that as well"],
    [["--force"], "--force replaces a file that exists, and none is written"],
    [["--force", "--websocket", "ws://a"], "--force replaces a file that exists, and none is"],
    [["--force", "--http", "http://a"], "--force replaces a file that exists, and none is"],
    [["--force", "-o", "kafka://a/b"], "--force replaces a file that exists, and none is"],
    [
      ["--force", "--kafka-servers", "a", "--topic", "b"],
      "--force replaces a file that exists, and none is",
    ],
    [["--force", "--serve", "0"], "--force replaces a file that exists, and none is"],
    [
      ["--force", "--serve", "0", "--broadcast"],
      "--force replaces a file that exists, and none is",
    ],
    [["--header", "a: b"], "--header is of --websocket and --http; pass that as well"],
    [["--websocket", "ws://a", "--header", "geheim"], "received [secret]"],
    [["--websocket", "http://x"], "--websocket must be a URL such as ws://host/path"],
    [["--http", "nope"], "--http must be a URL such as http://host/path"],
    [["--format", "msgpack"], "--format msgpack cannot be to a file, which takes ndjson, csv"],
  ];
  for (const [args, part] of cases) {
    const { code, out, err } = await waggle(["stream", model, ...args]);
    assertEquals([code, out], [2, ""], err);
    assert(err.includes(part), err);
    assert(!err.includes("geheim"), err);
  }
});

Deno.test("a server that is not there is told, with what to do and no secret", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const args = ["stream", model, "--max-records", "5", "--websocket"];
  const { code, err } = await waggle([...args, `ws://me:geheim@127.0.0.1:${port}/x`]);
  assertEquals(code, 1);
  assert(err.includes(`Cannot connect to ws://127.0.0.1:${port}/x`), err);
  assert(!err.includes("geheim"), err);
});
