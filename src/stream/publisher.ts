import type { RecordBatch } from "../batch/record_batch.ts";

/** What a publisher says about a batch that it has taken. */
export interface Receipt {
  /** Records that were delivered. */
  readonly records: number;
  /** Bytes that they took, where the publisher knows. */
  readonly bytes?: number;
}

/** Options of {@linkcode Publisher.publish}. */
export interface PublishOptions {
  /** Gives up when aborted. */
  signal?: AbortSignal;
}

/** Where batches go. */
export interface Publisher extends AsyncDisposable {
  /**
   * What `DeliveryGuarantee.ExactlyOnce` needs besides what holds while the process lives.
   * `"checkpoints"`: its readers go on when the process dies, as those of a broker do, and expect
   * the promise of that too, so results have to be committed together with a checkpoint that
   * outlives the process. A pipeline without such checkpoints refuses to promise it. Absent:
   * nothing.
   */
  readonly exactlyOnceNeeds?: "checkpoints";
  /** Delivers a batch; resolves when it is delivered, so that a slow sink slows its producer. */
  publish(batch: RecordBatch, options?: PublishOptions): Promise<Receipt>;
  /** Resolves when everything published so far is delivered for good. */
  flush(): Promise<void>;
}
