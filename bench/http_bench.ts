import { createParser } from "eventsource-parser";
import {
  csv,
  HttpPublisher,
  type RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
  toByteStream,
  toEventStream,
} from "../mod.ts";
import { EventStreamParser } from "../src/sources/http/event_stream_parser.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const SINK = new URL("support/http_sink.ts", import.meta.url);
const BATCH_ROWS = 1000;
/** Batches that are sent in turn. */
const READY = 20;
/** Requests of a round. */
const REQUESTS = 300;
const CHUNK_BYTES = 16_384;

async function readyBatches(generator: SyntheticGenerator<object>): Promise<RecordBatch[]> {
  const streamer = new StreamingGenerator(generator, { seed: 1 });
  const stream = streamer.stream({ batchSize: BATCH_ROWS, maxBatches: READY });
  return await Array.fromAsync(stream) as RecordBatch[];
}

/** A server in a process of its own. */
async function openSink() {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", "--allow-net=127.0.0.1", SINK.href],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return {
    url: `http://127.0.0.1:${new TextDecoder().decode(value).trim()}/`,
    [Symbol.asyncDispose]: async () => {
      process.kill();
      await process.stdout.cancel();
      await process.status;
    },
  };
}

async function publishing(ready: readonly RecordBatch[]): Promise<BenchRow> {
  await using sink = await openSink();
  await using publisher = new HttpPublisher({ url: sink.url });
  const rows = ready.map((batch) => batch.toRows());
  return await compare({
    name: `HttpPublisher, ready batches of ${BATCH_ROWS} as JSON, against fetch() and ` +
      "JSON.stringify of ready row objects",
    contender: async () => {
      for (let at = 0; at < REQUESTS; at++) await publisher.publish(ready[at % READY]);
      return REQUESTS;
    },
    baseline: async () => {
      for (let at = 0; at < REQUESTS; at++) {
        const body = JSON.stringify(rows[at % READY]);
        const response = await fetch(sink.url, { method: "POST", body });
        await response.bytes();
      }
      return REQUESTS;
    },
    target: 1,
    note: "requests, one after the other, to a server in another process",
  });
}

/** What a stream of bytes comes to. */
async function sizeOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  let bytes = 0;
  for await (const { length } of stream) bytes += length;
  return bytes;
}

/** A stream of texts of batches, as one would make it by hand. */
function byHand(ready: readonly RecordBatch[], textOf: (row: object) => string) {
  const batches = ready.values();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { value } = batches.next();
      if (!value) return controller.close();
      controller.enqueue(encoder.encode(value.toRows().map(textOf).join("")));
    },
  }, { highWaterMark: 0 });
}

async function streaming(ready: readonly RecordBatch[]): Promise<BenchRow[]> {
  const records = ready.length * BATCH_ROWS;
  const counted = (stream: () => ReadableStream<Uint8Array<ArrayBuffer>>) => async () => {
    await sizeOf(stream());
    return records;
  };
  return [
    await compare({
      name: "toByteStream(), ready batches as JSON lines, against rows and JSON.stringify",
      contender: counted(() => toByteStream(ready)),
      baseline: counted(() => byHand(ready, (row) => `${JSON.stringify(row)}\n`)),
      target: 3,
    }),
    await compare({
      name: "toEventStream(), an event of each record, against rows and JSON.stringify",
      contender: counted(() => toEventStream(ready)),
      baseline: counted(() => byHand(ready, (row) => `data: ${JSON.stringify(row)}\n\n`)),
      target: 1.5,
    }),
  ];
}

async function parsing(ready: readonly RecordBatch[]): Promise<BenchRow> {
  const bytes = await new Response(toEventStream(ready, { id: 0 })).bytes();
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / CHUNK_BYTES) },
    (_, i) => bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
  return await compare({
    name: "events of a stream, parsed from chunks of 16 KiB, against npm:eventsource-parser",
    contender: () => {
      const parser = new EventStreamParser({ maxEventBytes: 1e6 });
      return chunks.reduce((events, chunk) => events + parser.push(chunk).length, 0);
    },
    baseline: () => {
      let events = 0;
      const parser = createParser({ onEvent: () => void events++ });
      const decoder = new TextDecoder();
      for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
      return events;
    },
    target: 0.8,
  });
}

/** Batches over HTTP, and as events. */
export const group: BenchGroup = {
  name: "HTTP",
  rows: async () => {
    const ready = await readyBatches(await SyntheticGenerator.fit(csv(BIRDS)));
    return [await publishing(ready), ...await streaming(ready), await parsing(ready)];
  },
};
