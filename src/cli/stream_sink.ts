import type { CommandContext } from "./command_context.ts";
import { type Flag, text } from "./command_spec.ts";
import { type OutputOptions, type RecordOutput, recordOutput } from "./record_output.ts";
import { UsageError } from "./usage_error.ts";

/** Where `waggle stream` sends records to. */
export interface SinkOptions extends OutputOptions {
  /** Addresses of Kafka brokers. */
  readonly kafkaServers?: string;
  readonly topic?: string;
}

/** The flags of {@linkcode SinkOptions}, beside those of files. */
export const SINK_FLAGS: readonly Flag[] = [
  text("--kafka-servers <addresses>", "Kafka brokers: localhost:9092 (not in this version yet)"),
  text("--topic <topic>", "with --kafka-servers: the topic"),
];

/** An open sink. */
export interface StreamSink {
  /** What it is, for messages. */
  readonly name: string;
  readonly publisher: RecordOutput;
}

/**
 * Checks that there is one sink, and that it is there.
 *
 * @throws {UsageError} when not.
 */
export function checkSink({ kafkaServers, topic }: SinkOptions): void {
  if (kafkaServers !== undefined) {
    throw new UsageError(
      "--kafka-servers needs the entry point @waggle/stream/kafka, which this version of Waggle " +
        "does not have; write to a file by --output, or pipe the records into a Kafka producer",
    );
  }
  if (topic !== undefined) {
    throw new UsageError("--topic is of Kafka, whose servers are given by --kafka-servers");
  }
}

/** Opens where records go. */
export async function streamSink(
  options: SinkOptions,
  context: CommandContext,
): Promise<StreamSink> {
  const { output = "standard output" } = options;
  return { name: output, publisher: await recordOutput(options, context) };
}
