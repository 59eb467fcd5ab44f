import type { TypedSchema } from "../../batch/schema.ts";
import { BadRecordError } from "../../codecs/bad_record.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";

/** How much of a source is read. */
export interface SourceLimits {
  /** Rows, at most. */
  readonly rows?: number;
  /** For how long, ms. */
  readonly forMs?: number;
}

/** A source that ends after so many rows, or so long. */
export class LimitedSource implements Source {
  readonly name: string;
  readonly schema?: TypedSchema<Record<string, unknown>>;
  readonly partitions: number;
  readonly tellsPartitions: boolean;
  readonly aligns: boolean;
  /** Rows are counted here, where bees decode blocks only without a limit of them. */
  readonly recordBytes?: number;
  readonly #source: Source;
  readonly #limits: SourceLimits;

  /** Ends a source early. */
  constructor(source: Source, limits: SourceLimits) {
    const { name, schema, partitions = 1, tellsPartitions = false, aligns = false } = source;
    this.name = name;
    if (schema) this.schema = schema;
    this.partitions = partitions;
    this.tellsPartitions = tellsPartitions;
    this.aligns = aligns;
    if (source.recordBytes !== undefined && limits.rows === undefined) {
      this.recordBytes = source.recordBytes;
    }
    this.#source = source;
    this.#limits = limits;
  }

  /** Reads it until it is enough. */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch> {
    using child = new ChildAbort(options.signal);
    const time = this.#timer(options.runtime, child);
    let left = this.#limits.rows ?? Infinity;
    try {
      for await (const part of this.#source.open({ ...options, signal: child.signal })) {
        const rows = part.batch?.length ?? 0;
        yield rows > left ? beginning(part, left) : part;
        left -= rows;
        if (left <= 0) break;
      }
    } catch (error) {
      // that the time is up ends it, what is wrong with a record does not
      const isEnd = time.isUp && !(error instanceof BadRecordError);
      if (!isEnd || options.signal.aborted) throw error;
    } finally {
      time.cancel();
    }
  }

  #timer(runtime: Runtime, child: ChildAbort) {
    const time = { isUp: false, cancel: () => {} };
    const { forMs } = this.#limits;
    if (forMs === undefined) return time;
    time.cancel = runtime.after(forMs, () => {
      time.isUp = true;
      child.abort();
    });
    return time;
  }
}

/** Some rows of a batch, which say nothing of where to go on: the others were not read. */
function beginning({ position: _, ...part }: SourceBatch, rows: number): SourceBatch {
  return { ...part, batch: part.batch!.slice(0, rows) };
}
