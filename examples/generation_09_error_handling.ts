// Tries failed batches again, and tells what could not be delivered. Run: deno run examples/generation_09_error_handling.ts
import {
  MemoryPublisher,
  type RecordBatch,
  RetryPolicy,
  StreamingError,
  StreamingGenerator,
} from "@waggle/stream";
import { customerGenerator } from "./customers.ts";

/** A sink that is out of order for some attempts. */
class UnreliablePublisher extends MemoryPublisher {
  attempts = 0;
  readonly #failures: number;

  constructor(failures: number) {
    super();
    this.#failures = failures;
  }

  override async publish(batch: RecordBatch) {
    if (this.attempts++ < this.#failures) throw new Error("the sink is out of order");
    return await super.publish(batch);
  }
}

const retryPolicy = new RetryPolicy({
  maxRetries: 3,
  initialBackoff: "10ms",
  backoffFactor: 2,
  maxBackoff: "60s",
});

const streamer = new StreamingGenerator(await customerGenerator(), {
  retryPolicy,
  onError: "retry", // "retry", "skip", or "stop"
});

for (const failures of [2, 10]) {
  const publisher = new UnreliablePublisher(failures);
  try {
    await streamer.streamTo(publisher, { batchSize: 100, maxRecords: 500 });
    console.log(`${publisher.length} records after ${publisher.attempts} attempts`);
  } catch (error) {
    if (!(error instanceof StreamingError)) throw error;
    console.log(`Streaming failed: ${error.message}`);
  }
}
