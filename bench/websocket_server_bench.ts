import { RecordBatch, WebSocketServerPublisher } from "../mod.ts";
import {
  type BenchGroup,
  type BenchRow,
  compare,
  quantile,
  row,
  verdict,
} from "./support/bench.ts";

const READERS = new URL("support/websocket_readers.ts", import.meta.url);
const CLIENTS = 1000;
const PER_SECOND = 10;
const ROUNDS = 3;
const SECONDS = 4;
const ROWS = 50;
const HIGH_WATER = 262_144;
const MOST_DELAY_MS = 100;
/** What the process may take more while one client reads nothing. */
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;
const MOST_ASKED = 50;
const FEW = 100;
const MESSAGES = 200;

/** Clients in a process of their own. */
class Readers implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = process.stdin.getWriter();
  }

  static async open(port: number, clients: number): Promise<Readers> {
    const flags = ["--no-prompt", "--no-lock", "--allow-net=127.0.0.1"];
    const readers = new Readers(
      new Deno.Command(Deno.execPath(), {
        args: ["run", ...flags, READERS.href, String(port), String(clients)],
        stdin: "piped",
        stdout: "piped",
      }).spawn(),
    );
    await readers.#line();
    return readers;
  }

  async ask(what: string): Promise<string> {
    await this.#input.write(new TextEncoder().encode(`${what}\n`));
    return await this.#line();
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("The clients have ended");
      this.#text += value;
    }
    const [line, ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    this.#input.abort().catch(() => {});
    await this.#lines.cancel().catch(() => {});
    await this.#process.status;
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A batch that says when it was made. */
function stamped(): RecordBatch {
  const at = now();
  return RecordBatch.fromRows(
    Array.from({ length: ROWS }, (_, id) => ({ at, id, name: `bee ${id % 7}` })),
  ) as RecordBatch;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** A client that is let in and never reads again, and for which already more waits than may. */
async function stalled(publisher: WebSocketServerPublisher, port: number): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head =
    `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  while (publisher.metrics().connections === 0) await pause(5);
  while (publisher.metrics().droppedMessages === 0) await publisher.publish(stamped());
  return connection;
}

async function manyClients(): Promise<BenchRow[]> {
  await using publisher = new WebSocketServerPublisher({
    slowClients: "conflate",
    highWater: HIGH_WATER,
    stallTimeout: "60s",
    maxConnections: CLIENTS + 1,
  });
  const { port } = await publisher.listen();
  const silent = await stalled(publisher, port);
  await using readers = await Readers.open(port, CLIENTS - 1);
  const plain = await plainFanOut(CLIENTS - 1);
  await using plainReaders = plain.readers;
  const publish: Send = async (batch) => void await publisher.publish(batch);
  await streamed(publish, readers, 1); // warms up
  await streamed(plain.send, plainReaders, 1);
  const [rounds, lost]: [Round[], number[]] = [[], []];
  const plainRounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const before = publisher.metrics().droppedMessages;
    rounds.push(await streamed(publish, readers, SECONDS));
    lost.push(publisher.metrics().droppedMessages - before);
    plainRounds.push(await streamed(plain.send, plainReaders, SECONDS));
  }
  silent.close();
  await plain.server.shutdown();
  return rowsOf(rounds, plainRounds, lost);
}

type Send = (batch: RecordBatch) => Promise<void>;

interface Round {
  /** Of each message that came, ms. */
  readonly delays: readonly number[];
  /** By which the memory of the process grew. */
  readonly bytes: number;
}

/** Others load the machine: the round in which they did least says most. */
function rowsOf(rounds: Round[], plainRounds: Round[], lost: number[]): BenchRow[] {
  const name = `${CLIENTS} clients at ${PER_SECOND} batches/s, one of which never reads`;
  const all = (q: number, of: Round[]) => of.map(({ delays }) => quantile(delays, q));
  const told = (of: Round[]) =>
    `p99 ${all(0.99, of).map(Math.round).join(", ")}, p50 ${
      all(0.5, of).map(Math.round).join(", ")
    } ms`;
  const p99 = Math.min(...all(0.99, rounds));
  const expected = (CLIENTS - 1) * PER_SECOND * SECONDS;
  return [
    row(`${name}: p99 of the others' delay (ms), the best of ${ROUNDS} rounds`, {
      rate: p99,
      baselineRate: MOST_DELAY_MS,
      target: 1,
      goal: "atMost",
      unit: "ms",
      note: told(rounds),
    }),
    row(`the same against a loop of Deno's WebSocket.send() to clients that all read`, {
      rate: p99,
      baselineRate: Math.min(...all(0.99, plainRounds)),
      unit: "ms",
      note: told(plainRounds),
    }),
    row(`the same: memory of the process grows by, the most of all rounds`, {
      rate: Math.max(...rounds.map(({ bytes }) => bytes)) / 2 ** 20,
      baselineRate: MOST_GROWTH_BYTES / 2 ** 20,
      target: 1,
      goal: "atMost",
      unit: "MiB",
    }),
    verdict("the same: the others get all, and that one loses what it does not read", {
      reached: rounds.every(({ delays }) => delays.length === expected) && !lost.includes(0),
      rate: rounds.reduce((sum, { delays }) => sum + delays.length, 0),
      unit: " messages",
    }),
  ];
}

async function streamed(send: Send, readers: Readers, seconds: number): Promise<Round> {
  const before = Deno.memoryUsage().rss;
  const start = performance.now();
  let most = before;
  for (let i = 1; i <= PER_SECOND * seconds; i++) {
    await send(stamped());
    most = Math.max(most, Deno.memoryUsage().rss);
    await pause(start + (i * 1000) / PER_SECOND - performance.now());
  }
  const delays: number[] = [];
  for (let i = 0; i < MOST_ASKED && delays.length < (CLIENTS - 1) * PER_SECOND * seconds; i++) {
    await pause(100);
    delays.push(...JSON.parse(await readers.ask("delays")));
  }
  return { delays, bytes: most - before };
}

/** Deno's own WebSockets, each sent the same text. */
async function plainFanOut(clients: number) {
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => sockets.add(socket);
    socket.onclose = socket.onerror = () => void sockets.delete(socket);
    return response;
  });
  const send: Send = async (batch) => {
    const text = batch.toJson();
    for (const socket of sockets) socket.send(text);
    await pause(0);
  };
  return { server, send, readers: await Readers.open(server.addr.port, clients) };
}

async function againstPlain(): Promise<BenchRow> {
  await using publisher = new WebSocketServerPublisher();
  const { port } = await publisher.listen();
  await using readers = await Readers.open(port, FEW);
  const plain = await plainFanOut(FEW);
  await using plainReaders = plain.readers;
  const batch = stamped();
  const frame = new TextEncoder().encode(batch.toJson()).length + 4;
  const all = String(frame * FEW * MESSAGES);
  const result = await compare({
    name: `messages to ${FEW} clients, against a loop of Deno's WebSocket.send()`,
    contender: async () => {
      for (let i = 0; i < MESSAGES; i++) await publisher.publish(batch);
      await readers.ask(all);
      return FEW * MESSAGES;
    },
    baseline: async () => {
      for (let i = 0; i < MESSAGES; i++) await plain.send(batch);
      await plainReaders.ask(all);
      return FEW * MESSAGES;
    },
  });
  await plain.server.shutdown();
  return result;
}

/** WebSocket servers. */
export const group: BenchGroup = {
  name: "websocket server",
  rows: async () => [...await manyClients(), await againstPlain()],
};
