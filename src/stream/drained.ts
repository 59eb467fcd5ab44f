import type { RecordBatch } from "../batch/record_batch.ts";
import { type CanJoin, JOIN } from "./joint/joinable.ts";
import type { PipelineMetrics } from "./pipeline_metrics.ts";
import type { Publisher } from "./publisher.ts";
import { RestartingRun } from "./restarting_run.ts";
import type { RunOptions } from "./run_options.ts";
import { Delivery } from "./settlement/acknowledged.ts";
import type { AcknowledgedRun } from "./settlement/result_account.ts";
import { Stop } from "./stop.ts";

/** Runs to the end of the source. */
export async function runAlone(pipeline: CanJoin, options: RunOptions): Promise<PipelineMetrics> {
  const { parts, drain } = pipeline[JOIN]();
  const run = new RestartingRun(parts, options);
  await drain(run, options);
  return run.metrics();
}

/** Takes all batches, to a publisher where there is one. */
export async function drained(
  batches: AsyncGenerator<RecordBatch, void, undefined>,
  { run, publisher, options }: {
    run: AcknowledgedRun;
    publisher: Publisher | undefined;
    options: RunOptions;
  },
): Promise<void> {
  const signal = stopSignal(options);
  using stop = new Stop(signal);
  const delivery = new Delivery(publisher, run, { stop, ...(signal && { signal }) });
  try {
    for await (const batch of batches) await delivery.publish(batch);
    await delivery.flush();
  } catch (error) {
    throw delivery.failure ? delivery.failure.error : error;
  } finally {
    await delivery.idle();
    await run.finish();
  }
}

/** What is drained must still be seen and delivered, so that only a stop ends that. */
export function stopSignal({ signal, onAbort }: RunOptions): AbortSignal | undefined {
  return onAbort === "drain" ? undefined : signal;
}
