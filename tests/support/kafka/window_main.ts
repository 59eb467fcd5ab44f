/**
 * Reads a topic, counts in windows and writes to another topic, in a process of its own that is
 * killed: `deno run -A window_main.ts '{"bootstrap": …}'`. It prints a line for each batch of results
 * that it has published.
 *
 * @module
 */
import { count, from, max, schema, sum, TumblingWindow, types as t } from "../../../mod.ts";
import { denoRuntime } from "../../../src/runtime/deno_runtime.ts";
import { KafkaPublisher, kafkaSource } from "../../../src/kafka/kafka.ts";

/** What the process is told. */
export interface WindowProcess {
  readonly bootstrap: string;
  readonly input: string;
  readonly output: string;
  readonly group: string;
  readonly partitions: number;
  /** Length of windows, and how late rows may be, ms. */
  readonly size: number;
  readonly disorder: number;
}

const PACE_MS = 3;
const COLUMNS = schema({ at: t.timestamp, key: t.utf8, x: t.i32 });

async function main(given: WindowProcess): Promise<void> {
  const { bootstrap: bootstrapServers, input, output, group, partitions, size, disorder } = given;
  const readings = kafkaSource({
    bootstrapServers,
    topics: input,
    groupId: group,
    // A member of a group that is killed would be waited for.
    partitions: Array.from({ length: partitions }, (_, partition) => partition),
    schema: COLUMNS,
    until: "end",
    commitInterval: 1,
    maxPartitionBytes: 8192,
  });
  const publisher = new KafkaPublisher({ bootstrapServers, topic: output, key: "key" });
  const windows = from(readings, {
    workers: 1,
    settleInterval: 1,
    deliveryGuarantee: "atLeastOnce",
  })
    .timestamps("at", { maxDisorder: disorder }).keyBy("key")
    .window(new TumblingWindow({ size }))
    .aggregate({ n: count(), total: sum("x"), most: max("x") });
  let batches = 0;
  const { recordsIn } = await windows.to({
    publish: async (batch) => {
      const receipt = await publisher.publish(batch);
      console.log(JSON.stringify({ batches: ++batches }));
      // Else it would be done before it could be killed.
      await new Promise<void>((resolve) => denoRuntime.after(PACE_MS, resolve));
      return receipt;
    },
    flush: () => publisher.flush(),
    [Symbol.asyncDispose]: () => publisher[Symbol.asyncDispose](),
  }).run();
  console.log(JSON.stringify({ recordsIn }));
  await publisher[Symbol.asyncDispose]();
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
