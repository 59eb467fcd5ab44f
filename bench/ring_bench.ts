import { allocateRing } from "../src/hive/ring_buffer.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import type { RingRound } from "./support/ring_bench_worker.ts";

const WORKER = new URL("./support/ring_bench_worker.ts", import.meta.url);
const RING_BYTES = 2 * 1024 * 1024;

/** Records in frames of a batch, records in a frame each, or whole batches. */
type What = "records" | "frames" | "batches";

/** Two threads that stay for all rounds: one sends, one receives. */
class Pair implements Disposable {
  readonly #sender = new Worker(WORKER, { type: "module" });
  readonly #receiver = new Worker(WORKER, { type: "module" });
  readonly #memory = allocateRing(RING_BYTES);
  readonly #sums = new Map<string, number>();

  /** Through the ring; gives how many arrived. */
  throughRing(what: What, count: number): Promise<number> {
    const memory = this.#memory;
    return this.#round(
      what,
      { kind: `write ${what}`, memory, count },
      { kind: `read ${what}`, memory, count },
    );
  }

  /** By `postMessage` on a port from thread to thread; gives how many arrived. */
  byMessages(what: "records" | "batches", count: number): Promise<number> {
    const { port1, port2 } = new MessageChannel();
    return this.#round(
      what,
      { kind: `post ${what}`, port: port1, count },
      { kind: `receive ${what}`, port: port2, count },
    );
  }

  async #round(what: What, send: RingRound, receive: RingRound): Promise<number> {
    const received = this.#ask(this.#receiver, receive);
    const [sum] = await Promise.all([received, this.#ask(this.#sender, send)]);
    const expected = this.#expectedSum(what, receive.count);
    if (sum !== expected) throw new Error(`${receive.kind}: expected ${expected}, received ${sum}`);
    return receive.count;
  }

  /** Worked out once, in the round that is not timed. */
  #expectedSum(what: What, count: number): number {
    const known = this.#sums.get(`${count} ${what}`);
    if (known !== undefined) return known;
    const sum = expectedSum(what, count);
    this.#sums.set(`${count} ${what}`, sum);
    return sum;
  }

  #ask(worker: Worker, round: RingRound): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(`${round.kind}: ${event.message}`));
    worker.postMessage(round, "port" in round ? [round.port] : []);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#sender.terminate();
    this.#receiver.terminate();
  }
}

function expectedSum(what: What, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += what === "batches" ? i & 127 : i + (i + 0.5) + i * 2 + (i & 1023);
  }
  return sum;
}

async function rows(): Promise<BenchRow[]> {
  using pair = new Pair();
  return [
    await compare({
      name: "ring, 32-byte records published in batches",
      contender: () => pair.throughRing("records", 20_000_000),
      baseline: () => pair.byMessages("records", 50_000),
      target: 100,
      note: "512 to a frame, thread to thread; baseline: postMessage of each record as an object",
    }),
    await compare({
      name: "ring, 32-byte records, each a frame of its own",
      contender: () => pair.throughRing("frames", 5_000_000),
      baseline: () => pair.byMessages("records", 50_000),
      note: "512 to a publication; the same baseline",
    }),
    await compare({
      name: "ring, batches of 16 KiB",
      contender: () => pair.throughRing("batches", 100_000),
      baseline: () => pair.byMessages("batches", 10_000),
      target: 3,
      note: "copied into private memory; baseline: one ArrayBuffer transferred per batch",
    }),
  ];
}

/** Rings against `postMessage`. */
export const group: BenchGroup = { name: "ring", rows };
