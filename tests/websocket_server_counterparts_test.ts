import { assertEquals, assertStringIncludes } from "@std/assert";
import { WebSocket as NodeWebSocket } from "ws";
import {
  RecordBatch,
  StreamServer,
  type StreamServerOptions,
  SyntheticGenerator,
  WebSocketServerPublisher,
} from "../mod.ts";
import { counterpart } from "./support/counterpart.ts";
import { rowsOf } from "./support/publisher_suite.ts";

const ROOT = new URL("../", import.meta.url);
const TOKEN = "of-a-counterpart";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "be a client of WebSocket servers",
  pythonModules: ["websockets", "fastavro"],
});

const chromium = counterpart({
  program: "chromium",
  purpose: "have a web page read a WebSocket server",
});

/** Rows whose key is their number, from 1. */
const numbered = await SyntheticGenerator.fit(
  Array.from({ length: 50 }, (_, i) => ({ id: i + 1, x: i % 7 })),
  { primaryKey: "id" },
);

async function serving(options: StreamServerOptions = {}) {
  const server = new StreamServer(numbered, { token: TOKEN, interval: "5ms", ...options });
  const { uri } = await server.listen();
  return { server, uri, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function run(program: string, args: readonly string[]): Promise<unknown> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}

function pythonClient(path: string, what: string, uri: string, token = TOKEN): Promise<unknown> {
  const script = "tests/support/websocket_client.py";
  return run(path, [script, what, uri, "Authorization", `Bearer ${token}`]);
}

function numbers(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** A client of npm:ws that takes all messages. */
async function nodeClient(uri: string, token = TOKEN) {
  const socket = new NodeWebSocket(uri, ["waggle", `bearer.${token}`], { perMessageDeflate: true });
  const messages: unknown[] = [];
  let told = () => {};
  socket.on("message", (data: Uint8Array, isBinary: boolean) => {
    messages.push(isBinary ? data : JSON.parse(new TextDecoder().decode(data)));
    told();
  });
  const closed = new Promise<[number, string]>((resolve) => {
    socket.on("close", (code: number, reason: Uint8Array) => {
      resolve([code, new TextDecoder().decode(reason)]);
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("open", () => resolve());
    socket.on("error", reject);
  });
  const until = async (isEnough: () => boolean) => {
    while (!isEnough()) await new Promise<void>((resolve) => told = resolve);
  };
  return { socket, messages, closed, until };
}

Deno.test("npm:ws reads a stream, asks for another and closes", async () => {
  await using at = await serving();
  const { socket, messages, closed, until } = await nodeClient(at.uri);
  assertEquals([socket.protocol, socket.extensions], ["waggle", ""]);
  await until(() => messages.length >= 3);
  const pong = new Promise<string>((resolve) => {
    socket.on("pong", (data: Uint8Array) => resolve(new TextDecoder().decode(data)));
  });
  socket.ping("hum");
  assertEquals(await pong, "hum");
  socket.send(JSON.stringify({ action: "generate", records: 500, seed: 3 }));
  await until(() => messages.filter((each) => !Array.isArray(each)).length === 2);
  const [, second] = messages.filter((each) => !Array.isArray(each));
  assertEquals(second, { done: { action: "generate", records: 500, dropped: 0, next: 500 } });
  assertEquals(messages.at(-2), numbered.sample(500, { seed: 3 }).toRows());
  socket.close(4001, "enough");
  assertEquals(await closed, [4001, ""]);
  while (at.server.metrics().connections > 0) await new Promise((done) => setTimeout(done, 1));
});

Deno.test("npm:ws gets all of a fan-out, messages of a mebibyte among them, and its end", async () => {
  const publisher = new WebSocketServerPublisher({ token: TOKEN, waitForClient: true });
  const { uri } = await publisher.listen();
  const clients = await Promise.all([nodeClient(uri), nodeClient(uri)]);
  const sizes = [1, 100, 40_000, 3];
  let start = 0;
  for (const size of sizes) {
    await publisher.publish(RecordBatch.fromRows(rowsOf(start, size)) as RecordBatch);
    start += size;
  }
  await publisher[Symbol.asyncDispose]();
  for (const { messages, closed } of clients) {
    assertEquals(await closed, [1001, "the server ends"]);
    assertEquals(messages.map((each) => (each as unknown[]).length), sizes);
    assertEquals(messages.flat().at(-1), rowsOf(start - 1, 1)[0]);
  }
});

Deno.test("npm:ws is told why it may not connect", async () => {
  await using at = await serving();
  const socket = new NodeWebSocket(at.uri, ["waggle", "bearer.of-another"]);
  const refused = await new Promise<string>((resolve) => {
    socket.on("error", (error: Error) => resolve(error.message));
  });
  assertEquals(refused, "Unexpected server response: 401");
});

Deno.test(
  python.test("Python's websockets reads a stream, asks for more, and is told what is wrong", async (path) => {
    await using at = await serving();
    const found = await pythonClient(path, "stream", at.uri) as Record<string, unknown>;
    assertEquals(found.first, [10, 10, 10]);
    assertEquals(found.ids, numbers(6, 2006));
    assertEquals(found.done, ["stream", "generate"]);
    assertStringIncludes(found.error as string, 'received "dance"');
    assertEquals(found.end, [1009, "a message may have 65536 bytes, this one has at least 70000"]);
    const refused = await pythonClient(path, "refused", at.uri, "of-another");
    assertEquals(refused, [401, "The token is wrong"]);
  }),
);

Deno.test(
  python.test("Python's fastavro reads each message of a stream in Avro", async (path) => {
    await using at = await serving({ format: "avro", batchSize: 4 });
    assertEquals(await pythonClient(path, "avro", at.uri), numbered.sample(12).toRows());
  }),
);

/**
 * A page that reads and asks; in it another of no origin (a sandbox), which tries the same.
 */
const PAGE = (uri: string) =>
  `<!doctype html><title>Bees</title><script>
  const uri = ${JSON.stringify(uri)}, protocols = ["waggle", "bearer.${TOKEN}"];
  const stranger = new Promise((resolve) => onmessage = ({ data }) => resolve(data));
  function read() {
    return new Promise((resolve) => {
      const socket = new WebSocket(uri, protocols);
      const batches = [], answers = [];
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        (Array.isArray(message) ? batches : answers).push(message);
        if (batches.length === 3 && answers.length === 0) {
          const conditions = { x: 2 };
          socket.send(JSON.stringify({ action: "generate", records: 30, conditions }));
        }
        if (answers.length === 2) socket.close(1000, "seen");
      };
      socket.onclose = ({ code, wasClean }) =>
        resolve({ protocol: socket.protocol, batches, answers, code, wasClean });
    });
  }
  const found = async () => ({ ...await read(), stranger: await stranger });
</script><iframe sandbox="allow-scripts" srcdoc='<script>
  const socket = new WebSocket(${JSON.stringify(uri)}, ["waggle", "bearer.${TOKEN}"]);
  socket.onopen = () => parent.postMessage("opened", "*");
  socket.onclose = ({ code }) => parent.postMessage(code, "*");
</script>'></iframe>`;

Deno.test(
  chromium.test("a page in Chromium reads a stream, and one of another origin may not", async (path) => {
    let uri = "";
    const pages = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(PAGE(uri), { headers: { "content-type": "text/html" } }),
    );
    const page = `http://127.0.0.1:${pages.addr.port}`;
    const folder = await Deno.makeTempDir();
    try {
      await using at = await serving({ origins: [page] });
      uri = at.uri;
      // It looks for files for which all permissions are asked.
      const flags = ["run", "--no-lock", "--no-prompt", "--no-check", "--allow-all"];
      const driver = [...flags, "tests/support/browser_main.ts"];
      const found = await run(Deno.execPath(), [...driver, path, folder, page]) as PageFindings;
      assertEquals([found.protocol, found.code, found.wasClean], ["waggle", 1000, true]);
      const [first] = found.batches;
      assertEquals(first, numbered.sample(10).toRows());
      assertEquals(found.answers.map(({ done }) => done.action), ["stream", "generate"]);
      const generated = found.batches.at(-1)!;
      assertEquals([generated.length, new Set(generated.map(({ x }) => x))], [30, new Set([2])]);
      assertEquals(found.stranger, 1006);
      assertEquals(at.server.metrics().refused, 1);
    } finally {
      await pages.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  }),
);

interface PageFindings {
  readonly protocol: string;
  readonly code: number;
  readonly wasClean: boolean;
  readonly batches: { id: number; x: number }[][];
  readonly answers: { done: { action: string } }[];
  /** The close code of the page of no origin. */
  readonly stranger: unknown;
}
