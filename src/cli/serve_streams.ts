import type { StreamingGenerator } from "../generators/streaming/streaming_generator.ts";
import type { FanOutFigures } from "../publishers/websocket_server/fan_out_figures.ts";
import type { CommandContext } from "./command_context.ts";
import { flagText } from "./flag_text.ts";
import { asked } from "./asked.ts";
import type { ProgressLine } from "./progress_line.ts";
import { loadFormat, serverOptions, SINK_FLAGS, type SinkOptions } from "./stream_sink.ts";
import { count, several } from "./terminal_text.ts";
import { ticking } from "./ticking.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULT_BATCH_SIZE = 10;
const DEFAULT_INTERVAL_MS = 100;
/** What clients may ask for at most, unless the streams that all get are larger. */
const MAX_BATCH_SIZE = 1000;
const MAX_RATE = 10_000;
/** Reasons for which clients were refused that are told. */
const MOST_REASONS = 10;

/** How the streams are that clients get who ask for no other. */
export interface ServeOptions extends SinkOptions {
  readonly batchSize?: number;
  readonly intervalMs?: number;
}

function figuresText(figures: FanOutFigures): string {
  const { connections, accepted, refused, sentRecords, droppedRecords, closedSlow } = figures;
  const more = (some: number, text: string) => some > 0 ? `, ${count(some)} ${text}` : "";
  return `${several(connections, "client", "clients")} of ${count(accepted)}, ` +
    `${several(sentRecords, "record", "records")}${more(droppedRecords, "dropped")}` +
    more(refused, "refused") + more(closedSlow, "closed because they were slow");
}

/** Tells why clients are refused, each reason once, for they are told by a status alone. */
export function refusals(progress: ProgressLine): (figures: FanOutFigures) => void {
  const told = new Set<string>();
  return ({ lastRefusal }) => {
    if (lastRefusal === undefined || told.has(lastRefusal) || told.size >= MOST_REASONS) return;
    told.add(lastRefusal);
    progress.say(`refused a client by ${flagText(lastRefusal, [])}`);
  };
}

/** Serves a stream to each client until the command is interrupted; gives what was done. */
export async function serveStreams(
  streamer: StreamingGenerator,
  options: ServeOptions,
  { context, progress }: { context: CommandContext; progress: ProgressLine },
): Promise<{ readonly text: string; readonly figures: FanOutFigures }> {
  if (options.intervalMs === 0) {
    throw new UsageError("--serve needs an --interval that is not 0, for clients do not say stop");
  }
  const { batchSize = DEFAULT_BATCH_SIZE, intervalMs = DEFAULT_INTERVAL_MS, format } = options;
  const { runtime, signal } = context;
  await loadFormat(format);
  const { StreamServer } = await import("../publishers/websocket_server/stream_server.ts");
  const given = {
    ...serverOptions(options, context),
    ...{ batchSize, interval: intervalMs, maxBatchSize: Math.max(MAX_BATCH_SIZE, batchSize) },
    maxRate: Math.max(MAX_RATE, (batchSize * 1000) / intervalMs),
  };
  await using server = asked(() => new StreamServer(streamer, given), SINK_FLAGS);
  const { uri } = await server.listen();
  progress.say(`serving streams at ${uri} (Ctrl-C ends it)`);
  const tellRefusals = refusals(progress);
  using _ = ticking(runtime, () => {
    tellRefusals(server.metrics());
    progress.show(() => ({ text: figuresText(server.metrics()) }));
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const figures = server.metrics();
  tellRefusals(figures);
  await server[Symbol.asyncDispose]();
  return { text: figuresText(figures), figures };
}
