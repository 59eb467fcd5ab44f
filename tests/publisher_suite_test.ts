import { assertEquals } from "@std/assert";
import { type Publisher, type RecordBatch, StreamingError } from "../mod.ts";
import { Stop } from "../src/stream/stop.ts";
import { Turns } from "../src/publishers/turns.ts";
import { failingTests, type PublisherCase } from "./support/publisher_suite.ts";

/** What is wrong with a publisher. */
type Fault =
  | "none"
  | "loses what failed"
  | "doubles what failed"
  | "half a batch before it fails"
  | "overtakes"
  | "takes too much"
  | "takes what was aborted before"
  | "keeps listening"
  | "open behind its end"
  | "hides the first error"
  | "fails at a second end"
  | "loses at its end"
  | "final errors"
  | "refuses empty batches"
  | "counts wrongly";

/** A publisher into an array, right but for one fault. */
class Faulty implements Publisher {
  readonly rows: Record<string, unknown>[] = [];
  going: PromiseWithResolvers<void> | undefined;
  failures = 0;
  readonly #fault: Fault;
  readonly #turns = new Turns();
  #isClosed = false;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  async publish(batch: RecordBatch, { signal }: { signal?: AbortSignal } = {}) {
    const is = (fault: Fault) => this.#fault === fault;
    if (!is("takes what was aborted before")) signal?.throwIfAborted();
    if (is("refuses empty batches") && batch.length === 0) throw new Error("nothing to publish");
    if (is("keeps listening")) signal?.addEventListener("abort", () => {});
    if (this.#isClosed && !is("open behind its end")) {
      throw new StreamingError("the publisher was closed");
    }
    if (is("overtakes") && batch.length < 10) await new Promise((next) => setTimeout(next));
    using stop = new Stop(is("takes what was aborted before") ? undefined : signal);
    await stop.or(this.#turns.next(async () => {
      if (!is("takes too much")) await this.going?.promise;
      const isLost = is("loses at its end") && this.#isClosed;
      if (!isLost) this.#take(batch);
    }));
    return { records: batch.length + (is("counts wrongly") ? 1 : 0) };
  }

  #take(batch: RecordBatch): void {
    const rows = batch.toRows();
    const isFailing = this.failures > 0;
    if (isFailing) this.failures--;
    if (isFailing && this.#fault === "doubles what failed") this.rows.push(...rows);
    if (isFailing && this.#fault === "half a batch before it fails") this.rows.push(rows[0]);
    if (isFailing && this.#fault === "loses what failed") return;
    if (isFailing) {
      throw new StreamingError("not now", { retriable: this.#fault !== "final errors" });
    }
    this.rows.push(...rows);
  }

  async flush() {
    await this.#turns.next(() => Promise.resolve());
  }

  async [Symbol.asyncDispose]() {
    const isSecond = this.#isClosed;
    this.#isClosed = true;
    await this.flush();
    if (this.#fault === "hides the first error" && this.failures > 0) throw new Error("hidden");
    if (this.#fault === "fails at a second end" && isSecond) throw new Error("ended already");
  }
}

function open(fault: Fault): Promise<PublisherCase> {
  const publisher = new Faulty(fault);
  return Promise.resolve({
    publisher,
    arrived: () => Promise.resolve(publisher.rows),
    failNext: (n: number) => void (publisher.failures = n),
    stall: () => void (publisher.going = Promise.withResolvers()),
    go: () => {
      publisher.going?.resolve();
      publisher.going = undefined;
    },
    break: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

Deno.test("the suite of publishers passes one that is right", async () => {
  assertEquals(await failingTests(() => open("none")), []);
});

const FAULTS: readonly [Fault, string][] = [
  ["loses what failed", "loses nothing of what is tried again"],
  ["doubles what failed", "loses nothing of what is tried again"],
  ["half a batch before it fails", "loses nothing of what is tried again"],
  ["overtakes", "keeps the order of batches that are published at once"],
  ["takes too much", "has its producer wait while the other side takes nothing"],
  [
    "takes what was aborted before",
    "takes nothing when the signal was aborted before, and goes on",
  ],
  ["keeps listening", "does not listen to a signal for longer than it publishes"],
  ["open behind its end", "refuses what is published behind its end"],
  ["hides the first error", "shows the first error where it is disposed of behind it"],
  ["fails at a second end", "flushes and ends without a batch, and ends as often as it is told"],
  ["loses at its end", "loses nothing that it has taken when it ends while it is sending"],
  ["final errors", "loses nothing of what is tried again"],
  ["refuses empty batches", "takes batches whole and in order, empty ones too"],
  ["counts wrongly", "takes batches whole and in order, empty ones too"],
];

for (const [fault, test] of FAULTS) {
  Deno.test(`the suite of publishers sees one that ${JSON.stringify(fault)}`, async () => {
    assertEquals(await failingTests(() => open(fault), { only: test }), [test]);
  });
}
