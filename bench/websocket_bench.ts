import {
  csv,
  JsonEncoder,
  RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
  WebSocketPublisher,
} from "../mod.ts";
import { recordsOf, SHAPES } from "./support/shapes.ts";
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

/** Batches of readings with numbers, short texts and a time. */
function readings(): RecordBatch[] {
  const { sensor } = SHAPES;
  const rows = recordsOf(sensor, BATCH_ROWS * READY);
  const all = RecordBatch.fromRows(rows, { schema: sensor.schema }) as RecordBatch;
  return Array.from(
    { length: READY },
    (_, at) => all.slice(at * BATCH_ROWS, (at + 1) * BATCH_ROWS),
  );
}

/** Sends messages, as fast as they can be given to a socket, and waits until they have come. */
function sendLoop(sink: Sink, socket: WebSocket, message: (at: number) => string) {
  return async () => {
    for (let at = 0; at < MESSAGES; at++) socket.send(message(at % READY));
    await sink.taken(MESSAGES);
    return MESSAGES;
  };
}

function publishLoop(sink: Sink, publisher: WebSocketPublisher, batches: readonly RecordBatch[]) {
  return async () => {
    for (let at = 0; at < MESSAGES; at++) await publisher.publish(batches[at % READY]);
    await sink.taken(MESSAGES);
    return MESSAGES;
  };
}

async function sending(sink: Sink): Promise<BenchRow[]> {
  const batches = readings();
  using encoder = new JsonEncoder();
  const decoder = new TextDecoder();
  const textOf = (batch: RecordBatch) => decoder.decode(encoder.encode(batch));
  const texts = batches.map(textOf);
  const socket = await opened(new WebSocket(sink.uri));
  await using publisher = new WebSocketPublisher({ uri: sink.uri });
  const contender = publishLoop(sink, publisher, batches);
  const rows = [
    await compare({
      name: "WebSocketPublisher, ready batches of 100 as JSON, encoding included",
      contender,
      baseline: sendLoop(sink, socket, (at) => texts[at]),
      rounds: ROUNDS,
      target: 0.9,
      note: `messages of ${texts[0].length} bytes to a server in another process, against ` +
        "WebSocket.send of texts that are there already",
    }),
    await compare({
      name: "the same, against WebSocket.send of texts that are encoded in the loop",
      contender,
      baseline: sendLoop(sink, socket, (at) => textOf(batches[at])),
      rounds: ROUNDS,
    }),
  ];
  socket.close();
  return rows;
}

/** All from the generator on, against a loop of ready texts of the same rows. */
async function generating(sink: Sink): Promise<BenchRow> {
  const generator = await SyntheticGenerator.fit(csv(BIRDS));
  const streamer = new StreamingGenerator(generator, { seed: 1 });
  const texts: string[] = [];
  for await (const batch of streamer.stream({ batchSize: BATCH_ROWS, maxBatches: READY })) {
    texts.push(batch.toJson());
  }
  const socket = await opened(new WebSocket(sink.uri));
  await using publisher = new WebSocketPublisher({ uri: sink.uri });
  const row = await compare({
    name: "StreamingGenerator → WebSocketPublisher, birdstrikes, generation included",
    contender: async () => {
      await streamer.streamTo(publisher, { batchSize: BATCH_ROWS, maxBatches: MESSAGES });
      await sink.taken(MESSAGES);
      return MESSAGES;
    },
    baseline: sendLoop(sink, socket, (at) => texts[at]),
    rounds: ROUNDS,
    note: `messages of ${texts[0].length} bytes, against WebSocket.send of ready texts`,
  });
  socket.close();
  return row;
}

/** Batches to a WebSocket server. */
export const group: BenchGroup = {
  name: "WebSocket client",
  rows: async () => {
    await using sink = await Sink.open();
    return [...await sending(sink), await generating(sink)];
  },
};
