import {
  csv,
  type RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
  WebSocketPublisher,
} from "../mod.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const SINK = new URL("support/websocket_sink.ts", import.meta.url);
const BATCH_ROWS = 100;
/** Messages of a round. */
const MESSAGES = 3_000;
const ROUNDS = 9;
/** Batches that are sent in turn. */
const READY = 50;

/** A server in a process of its own. */
class Sink implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #control: WebSocket;
  readonly uri: string;

  private constructor(process: Deno.ChildProcess, uri: string, control: WebSocket) {
    this.#process = process;
    this.#control = control;
    this.uri = uri;
  }

  static async open(): Promise<Sink> {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--allow-net=127.0.0.1", SINK.href],
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const uri = `ws://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
    return new Sink(process, uri, await opened(new WebSocket(`${uri}/count`)));
  }

  /** Resolves when so many messages have come since the last time. */
  async taken(messages: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#control.onmessage = () => resolve();
    this.#control.send(String(messages));
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.close();
    this.#process.kill();
    await this.#process.stdout.cancel();
    await this.#process.status;
  }
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  return socket;
}

/** Ready batches of synthetic birdstrikes. */
async function readyBatches(generator: SyntheticGenerator<object>): Promise<RecordBatch[]> {
  const ready: RecordBatch[] = [];
  const streamer = new StreamingGenerator(generator, { seed: 1 });
  for await (const batch of streamer.stream({ batchSize: BATCH_ROWS, maxBatches: READY })) {
    ready.push(batch as RecordBatch);
  }
  return ready;
}

async function sending(sink: Sink, generator: SyntheticGenerator<object>): Promise<BenchRow[]> {
  const ready = await readyBatches(generator);
  const texts = ready.map((batch) => batch.toJson());
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  const plain = await opened(new WebSocket(sink.uri));
  await using publisher = new WebSocketPublisher({ uri: sink.uri });
  const baseline = async () => {
    for (let at = 0; at < MESSAGES; at++) plain.send(texts[at % READY]);
    await sink.taken(MESSAGES);
    return MESSAGES;
  };
  const note =
    `messages of ${Math.round(bytes)} bytes to a server in another process; the baseline ` +
    "sends ready texts, as fast as they can be given to the socket, and waits until they have come";
  const rows = [
    await compare({
      name: "WebSocketPublisher, ready batches of 100 as JSON (encoding included), against " +
        "WebSocket.send of the same bytes",
      contender: async () => {
        for (let at = 0; at < MESSAGES; at++) await publisher.publish(ready[at % READY]);
        await sink.taken(MESSAGES);
        return MESSAGES;
      },
      baseline,
      rounds: ROUNDS,
      target: 0.9,
      note,
    }),
    await compare({
      name: "StreamingGenerator → WebSocketPublisher (generation included), against the same",
      contender: async () => {
        const streamer = new StreamingGenerator(generator, { seed: 1 });
        await streamer.streamTo(publisher, { batchSize: BATCH_ROWS, maxBatches: MESSAGES });
        await sink.taken(MESSAGES);
        return MESSAGES;
      },
      baseline,
      rounds: ROUNDS,
    }),
  ];
  plain.close();
  return rows;
}

/** Batches to a WebSocket server. */
export const group: BenchGroup = {
  name: "WebSocket client",
  rows: async () => {
    await using sink = await Sink.open();
    return await sending(sink, await SyntheticGenerator.fit(csv(BIRDS)));
  },
};
