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
  #publishing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
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

  /**
   * Resolves when a batch is being published, and the one before it was: meanwhile the run makes what
   * comes next, and no more than that.
   *
   * @throws what the batch before has failed with.
   */
  async publish(batch: RecordBatch): Promise<void> {
    const { account } = this.#run;
    if (!this.#publisher) return account.acknowledge(this.#rows += batch.length);
    await this.#publishing;
    // A publisher is asked for one thing at a time.
    if (this.#flushing) await this.#flushing;
    const publishing = this.#publishing = this.#deliver(this.#publisher, batch);
    publishing.catch((error) => {
      this.#failure = { error };
      account.refuse(error);
    });
  }

  /** What a batch could not be published for. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Resolves when everything that was published is there for good. */
  async flush(): Promise<void> {
    await this.#publishing;
    if (this.#flushing) await this.#flushing;
    await this.#flush();
  }

  /** Resolves when nothing is being published any more, whatever became of it. */
  async settled(): Promise<void> {
    await this.#publishing?.catch(() => {});
  }

  async #deliver(publisher: Publisher, batch: RecordBatch): Promise<void> {
    this.#isPublishing = true;
    await this.#stop.or(publisher.publish(batch, this.#options));
    this.#isPublishing = false;
    this.#rows += batch.length;
    while (this.#run.account.isAwaited(this.#rows)) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (!this.#publisher) return;
    const rows = this.#rows;
    await this.#stop.or(this.#publisher.flush());
    this.#run.account.acknowledge(rows);
  }

  /** While the next batch is waited for. */
  #flushBeside(): Promise<void> | undefined {
    const { account } = this.#run;
    if (this.#isPublishing || !account.isAwaited(this.#rows)) return undefined;
    return this.#flushing ??= this.#flush().then(() => {
      this.#flushing = undefined;
      this.#flushBeside();
    }, (error) => account.refuse(error));
  }
}
