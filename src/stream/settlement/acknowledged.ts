import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Publisher, PublishOptions } from "../publisher.ts";
import type { Stop } from "../stop.ts";
import type { AcknowledgedRun } from "./result_account.ts";

type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/** Results that count as acknowledged when those behind them are asked for. */
export async function* acknowledged(batches: Batches, run: AcknowledgedRun): Batches {
  let rows = 0;
  for await (const batch of batches) {
    yield batch;
    rows += batch.length;
    run.account.acknowledge(rows);
  }
  await run.finish();
}

/** Publishes results, and flushes now and then where somebody waits for that. */
export class Delivery {
  readonly #publisher: Publisher | undefined;
  readonly #run: AcknowledgedRun;
  readonly #stop: Stop;
  readonly #options: PublishOptions;
  /** Rows that were published. */
  #rows = 0;
  #isPublishing = false;
  #flushing: Promise<void> | undefined;

  /** To a publisher; without one results are dropped, which is all that was wanted. */
  constructor(
    publisher: Publisher | undefined,
    run: AcknowledgedRun,
    { stop, ...options }: PublishOptions & { readonly stop: Stop },
  ) {
    this.#publisher = publisher;
    this.#run = run;
    this.#stop = stop;
    this.#options = options;
    run.account.onAwaited(() => this.#flushBeside());
  }

  /** Resolves when a batch is published. */
  async publish(batch: RecordBatch): Promise<void> {
    const { account } = this.#run;
    if (!this.#publisher) return account.acknowledge(this.#rows += batch.length);
    // A publisher is asked for one thing at a time.
    while (this.#flushing) await this.#flushing;
    this.#isPublishing = true;
    await this.#stop.or(this.#publisher.publish(batch, this.#options));
    this.#isPublishing = false;
    this.#rows += batch.length;
    while (account.isAwaited(this.#rows)) await this.flush();
  }

  /** Resolves when everything that was published is there for good. */
  async flush(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    if (!this.#publisher) return;
    const rows = this.#rows;
    await this.#stop.or(this.#publisher.flush());
    this.#run.account.acknowledge(rows);
  }

  /** While the next batch is waited for. */
  #flushBeside(): Promise<void> | undefined {
    const { account } = this.#run;
    if (this.#isPublishing || !account.isAwaited(this.#rows)) return undefined;
    return this.#flushing ??= this.flush().then(() => {
      this.#flushing = undefined;
      this.#flushBeside();
    }, (error) => {
      this.#flushing = undefined;
      account.refuse(error);
    });
  }
}
