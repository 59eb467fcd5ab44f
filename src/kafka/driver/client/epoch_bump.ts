import type { ProducerIdentity } from "../wire/transaction_requests.ts";
import type { PartitionQueue } from "./partition_queue.ts";
import type { PartitionQueues } from "./partition_queues.ts";

const LAST_EPOCH = 0x7fff;

/** Whose queues begin anew, and who hears of it. */
export interface EpochBumpOptions {
  readonly queues: PartitionQueues;
  /** Those with blocks. */
  readonly active: Iterable<PartitionQueue>;
  /** A new identity, where all epochs of one are used up. */
  readonly renew: () => Promise<ProducerIdentity>;
  readonly restarted: () => void;
  /** No new identity is to be had. */
  readonly failed: (error: unknown) => void;
}

/** Has queues whose sequence numbers have a gap go on with a new epoch: KIP-360. */
export class EpochBump {
  readonly #options: EpochBumpOptions;
  #isRenewing = false;

  /** Of the queues of one sender. */
  constructor(options: EpochBumpOptions) {
    this.#options = options;
  }

  /** Has the numbers of a queue begin anew, with the next epoch or another identity. */
  bump(queue: PartitionQueue): void {
    const { id, epoch } = queue.identity;
    if (epoch < LAST_EPOCH) queue.restart({ id, epoch: epoch + 1 });
    else this.#renew();
    this.#options.restarted();
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const { queues, active, renew, restarted, failed } = this.#options;
    try {
      const identity = await renew();
      queues.use(identity);
      for (const queue of active) if (queue.needsRestart) queue.restart(identity);
    } catch (error) {
      failed(error);
    } finally {
      this.#isRenewing = false;
    }
    restarted();
  }
}
