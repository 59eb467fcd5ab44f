import {
  type Publisher,
  type RecordBatch,
  StreamingGenerator,
  SyntheticGenerator,
} from "../mod.ts";
import { type BenchGroup, type BenchRow, quantile, row } from "./support/bench.ts";

const TARGET_MS = 100;
const NETWORK_MS = 5;
/** The capacity is halved after these; it may take these to find it again, and is then watched. */
const [FULL_S, SETTLE_S, WATCH_S] = [6, 5, 5];

interface Delivery {
  readonly doneMs: number;
  readonly latencyMs: number;
  readonly records: number;
}

/** Serves one record after the other, so many a second, some way off. */
class Server implements Publisher {
  readonly deliveries: Delivery[] = [];
  capacity: number;
  #freeMs = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  async publish({ length: records }: RecordBatch) {
    const startMs = performance.now();
    this.#freeMs = Math.max(startMs, this.#freeMs) + records / this.capacity * 1000;
    await new Promise((resolve) => setTimeout(resolve, this.#freeMs + NETWORK_MS - startMs));
    const doneMs = performance.now();
    this.deliveries.push({ doneMs, latencyMs: doneMs - startMs, records });
    return { records };
  }

  flush() {
    return Promise.resolve();
  }

  [Symbol.asyncDispose]() {
    return this.flush();
  }
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** How a stream does after the sink's capacity was halved, once it had some seconds. */
async function halved(adaptiveRate: "gradient" | "aimd", capacity: number) {
  const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
  const server = new Server(capacity);
  const stop = new AbortController();
  const streaming = new StreamingGenerator(generator).streamTo(server, {
    ...{ adaptiveRate, targetLatency: TARGET_MS, batchSize: 10, signal: stop.signal },
  }).catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  await wait(FULL_S);
  server.capacity /= 2;
  await wait(SETTLE_S);
  const fromMs = performance.now();
  await wait(WATCH_S);
  const seconds = (performance.now() - fromMs) / 1000;
  stop.abort();
  await streaming;
  const watched = server.deliveries.filter(({ doneMs }) => doneMs >= fromMs);
  const served = watched.reduce((sum, { records }) => sum + records, 0);
  return {
    p95: quantile(watched.map(({ latencyMs }) => latencyMs), 0.95),
    used: served / seconds / server.capacity,
  };
}

async function rows(capacity: number): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const controller of ["gradient", "aimd"] as const) {
    const { p95, used } = await halved(controller, capacity);
    const name = `a sink of ${capacity}/s that halves, ${SETTLE_S} s later, ${controller}`;
    const judged = controller === "gradient";
    out.push(
      row(`${name}: p95 latency beside the target`, {
        ...{ rate: p95, baselineRate: TARGET_MS, target: judged ? 1 : null },
        ...{ goal: "atMost", unit: " ms" },
      }),
      row(`${name}: capacity used`, {
        ...{ rate: used * capacity / 2, baselineRate: capacity / 2 },
        target: judged ? 0.85 : null,
      }),
    );
  }
  return out;
}

/** How a stream finds out what its sink takes. */
export const group: BenchGroup = {
  name: "adaptive rate",
  rows: async () => [...await rows(2000), ...await rows(100_000)],
};
