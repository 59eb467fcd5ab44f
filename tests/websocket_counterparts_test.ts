import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  from,
  RecordBatch,
  schema,
  types as t,
  WebSocketError,
  WebSocketPublisher,
  WebSocketSource,
} from "../mod.ts";
import "../src/codecs/msgpack/message_pack.ts";
import { counterpart } from "./support/counterpart.ts";

const PEER = new URL("support/websocket_peer.py", import.meta.url).pathname;

const python = counterpart({
  program: "python3",
  purpose: "serve WebSockets by another implementation",
  debianPackage: "python3-venv",
  pythonModules: ["websockets", "fastavro", "msgpack"],
});

const openssl = counterpart({ program: "openssl", purpose: "make a certificate" });

type Told = Record<string, unknown>;

/** A server by Python's websockets, and what it tells. */
class Peer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  uri = "";

  private constructor(path: string) {
    this.#process = new Deno.Command(path, {
      args: [PEER],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = linesOf(this.#process.stdout);
  }

  static async open(path: string): Promise<Peer> {
    const peer = new Peer(path);
    peer.uri = `ws://127.0.0.1:${(await peer.told()).port}`;
    return peer;
  }

  /** What it tells next. */
  async told(): Promise<Told> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the server has ended");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    while (!(await this.#lines.next()).done);
    await this.#process.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

const ROWS = [
  { bird: "Gull", count: 3, weight: 1.5, seen: true },
  { bird: 'Öwl 🦉 "\\\u0007', count: -1, weight: 1e-7, seen: false },
];

function batchOf(rows: readonly object[]): RecordBatch {
  const columns = schema({ bird: t.utf8, count: t.i32, weight: t.f64, seen: t.bool });
  return RecordBatch.fromRows(rows, { schema: columns }) as unknown as RecordBatch;
}

Deno.test(python.test("Python's websockets reads what WebSocketPublisher sends", async (path) => {
  await using peer = await Peer.open(path);
  for (const format of ["json", "avro", "msgpack"] as const) {
    for (const acknowledge of [false, true]) {
      const uri = `${peer.uri.replace("//", "//bee:pw@")}/${acknowledge ? "ack" : "take"}`;
      {
        await using publisher = new WebSocketPublisher({
          ...{ uri, format, acknowledge, protocols: ["bees.v9", "birds.v1"] },
        });
        await publisher.publish(batchOf(ROWS));
        await publisher.publish(batchOf(ROWS.toReversed()));
      }
      const { authorization, protocol } = await peer.told();
      assertEquals([authorization, protocol], [`Basic ${btoa("bee:pw")}`, "birds.v1"]);
      for (const [i, rows] of [ROWS, ROWS.toReversed()].entries()) {
        assertEquals(await peer.told(), { rows, ...(acknowledge && { id: i + 1 }) }, format);
      }
      assertEquals((await peer.told()).code, 1000);
    }
  }
}));

Deno.test(
  python.test("WebSocketSource reads what Python's websockets sends, in fragments", async (path) => {
    await using peer = await Peer.open(path);
    const batches = [
      [{ bird: "Gull", count: 3 }],
      [{ bird: "Öwl", count: -5 }, { bird: "Tern", count: 2 ** 31 - 1 }],
    ];
    for (const format of ["json", "avro", "msgpack"] as const) {
      const source = new WebSocketSource(`${peer.uri}/send/${format}`, {
        ...{ format, subscribe: JSON.stringify(batches) },
      });
      const rows: unknown[] = [];
      for await (const row of from(source, { workers: 1 })) rows.push(row);
      assertEquals(rows, batches.flat(), format);
      await peer.told();
      assertEquals((await peer.told()).code, 1000);
    }
  }),
);

Deno.test(
  python.test("WebSocketPublisher and WebSocketSource hear why Python's websockets closes", async (path) => {
    await using peer = await Peer.open(path);
    const told = await assertRejects(
      async () => {
        const uri = `${peer.uri}/close/1008`;
        await using publisher = new WebSocketPublisher({ uri, acknowledge: true, window: 1 });
        await publisher.publish(batchOf(ROWS));
      },
      WebSocketError,
      'the code 1008 (its policy does not allow it), saying "enough"',
    );
    assert(!(told as WebSocketError).retriable);
    const large = await assertRejects(
      async () => {
        await using publisher = new WebSocketPublisher({ uri: `${peer.uri}/take` });
        await publisher.publish(batchOf(Array.from({ length: 50_000 }, () => ROWS[0])));
      },
      WebSocketError,
      "1009 (the message is too big for it)",
    );
    assert(!(large as WebSocketError).retriable);
    const source = new WebSocketSource(`${peer.uri}/close/1013`, { subscribe: "go" });
    const read = async () => {
      for await (const _ of from(source, { workers: 1 }));
    };
    const busy = await assertRejects(read, WebSocketError, "1013 (it has too much to do)");
    assert((busy as WebSocketError).retriable);
  }),
);

Deno.test(
  openssl.test("WebSocketPublisher refuses a certificate that nobody has vouched for", async (path) => {
    const folder = await Deno.makeTempDir();
    const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
    const made = await new Deno.Command(path, {
      args: [...args, "-days", "1", "-keyout", key, "-out", cert],
      stderr: "null",
    }).output();
    assert(made.success);
    await using server = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ...{ key: await Deno.readTextFile(key), cert: await Deno.readTextFile(cert) },
    }, (request) => Deno.upgradeWebSocket(request).response);
    await Deno.remove(folder, { recursive: true });
    const error = await assertRejects(
      async () => {
        await using publisher = new WebSocketPublisher({
          uri: `wss://127.0.0.1:${server.addr.port}`,
        });
        await publisher.publish(batchOf(ROWS));
      },
      WebSocketError,
      "invalid peer certificate",
    );
    assert(!(error as WebSocketError).retriable);
  }),
);
