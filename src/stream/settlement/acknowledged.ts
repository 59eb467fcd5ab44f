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

/**
 * Publishes results, one batch at a time, while the run makes what comes next; and flushes now and
 * then where somebody waits for that.
 */
export class Delivery {
  readonly #publisher: Publisher | undefined;
  readonly #run: AcknowledgedRun;
  readonly #stop: Stop;
  readonly #options: PublishOptions;
  /** Rows that were published. */
  #rows = 0;
  /** Resolves when the publisher has done what it was asked for, one thing at a time. */
  #asked = Promise.resolve();
  /** Whether a flush will begin, which then has all rows that were published until that. */
  #isFlushAsked = false;
  #failure: { readonly error: unknown } | undefined;

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
    if (publisher) run.account.onAwaited(() => this.#flushAwaited(publisher));
  }

  /** What the publisher has failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * Resolves when all batches before are published, and this one is on its way.
   *
   * @throws what the publisher has failed with before.
   */
  async publish(batch: RecordBatch): Promise<void> {
    const publisher = this.#publisher;
    const { account } = this.#run;
    if (!publisher) return account.acknowledge(this.#rows += batch.length);
    await this.#done();
    void this.#ask(async () => {
      await this.#stop.or(publisher.publish(batch, this.#options));
      this.#rows += batch.length;
      while (account.isAwaited(this.#rows)) await this.#flush(publisher);
    });
  }

  /**
   * Resolves when everything that was published is there for good.
   *
   * @throws what the publisher has failed with.
   */
  async flush(): Promise<void> {
    const publisher = this.#publisher;
    if (publisher) void this.#ask(() => this.#flush(publisher));
    await this.#done();
  }

  /** Resolves when the publisher is asked for nothing more, whatever has become of it. */
  idle(): Promise<void> {
    return this.#asked;
  }

  async #done(): Promise<void> {
    await this.#asked;
    if (this.#failure) throw this.#failure.error;
  }

  /** Of what has failed nothing more is asked; the run hears of it, since it may wait for long. */
  #ask(doing: () => Promise<void>): Promise<void> {
    return this.#asked = this.#asked
      .then(() => this.#failure ? undefined : doing())
      .catch((error) => {
        this.#failure = { error };
        this.#run.account.refuse(error);
      });
  }

  async #flush(publisher: Publisher): Promise<void> {
    const rows = this.#rows;
    await this.#stop.or(publisher.flush());
    this.#run.account.acknowledge(rows);
  }

  #flushAwaited(publisher: Publisher): Promise<void> {
    if (this.#isFlushAsked) return this.#asked;
    this.#isFlushAsked = true;
    return this.#ask(async () => {
      this.#isFlushAsked = false;
      if (this.#run.account.isAwaited(this.#rows)) await this.#flush(publisher);
    });
  }
}
