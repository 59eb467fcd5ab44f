import type { RecordBatch } from "../batch/record_batch.ts";
import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { readColumn } from "../batch/column_reader.ts";
import type { BlockDecoderSpec } from "../codecs/block_specs.ts";
import { createBlockDecoder } from "../codecs/create_block_decoder.ts";
import { ReferenceBlockDecoder } from "../codecs/reference_block_decoder.ts";
import { create } from "../kernel/kernel.ts";
import type { Source, SourceBatch } from "../stream/source.ts";
import type { ProgressLine } from "./progress_line.ts";
import { UsageError } from "./usage_error.ts";

const NUMBERS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);
/** Bytes of a block whose rows are looked at, and the line that these end in. */
const LOOK_BYTES = 2_048;
const LF = 10;
/** Times that people have data of: 1973 to 2099. */
const LEAST_MS = Date.UTC(1973, 0);
const MOST_MS = Date.UTC(2100, 0);
/** Units that are taken for milliseconds, with how many of these they are, and what makes them that. */
const UNITS = [
  { format: "s", words: "seconds", msOfUnit: 1000, mend: "multiply them by 1,000" },
  { format: "us", words: "microseconds", msOfUnit: 0.001, mend: "divide them by 1,000" },
] as const;

/** Numbers that are taken for milliseconds look like something else. */
export interface DoubtfulTimes {
  /** The flag for their format. */
  readonly format: "s" | "us";
  /** What there is to see. */
  readonly text: string;
  /** What to do where no flag says their format. */
  readonly mend: string;
}

function dateOf(ms: number): string {
  return ms > MAX_TIMESTAMP_MS ? "beyond all dates" : new Date(ms).toISOString();
}

/** What is doubtful about times without a format, which are taken for milliseconds. */
function doubtOf(column: string, times: readonly number[]): DoubtfulTimes | undefined {
  const unit = UNITS.find(({ msOfUnit }) =>
    times.every((time) => time * msOfUnit >= LEAST_MS && time * msOfUnit < MOST_MS)
  );
  if (!unit) return undefined;
  const { format, words, msOfUnit, mend } = unit;
  const [first] = times;
  const text =
    `the times in column ${JSON.stringify(column)} look like ${words}, and are taken for ` +
    `milliseconds: ${first} is ${dateOf(first * msOfUnit)} by the former, and ${
      dateOf(first)
    } by ` +
    `the latter`;
  return { format, text, mend };
}

/** Tells of such times where nothing can say what they are. */
export function tellDoubtful(progress: ProgressLine): (doubt: DoubtfulTimes) => void {
  return ({ text, mend }) => progress.say(`${text}; ${mend} if that is wrong`);
}

/** Refuses such times where a flag tells what they are. */
export function refuseDoubtful({ text, format }: DoubtfulTimes): never {
  throw new UsageError(`${text}; pass --time-format ${format}, or --time-format ms`);
}

/** Times that stand in a column as numbers; `undefined`: it has others, or is not there. */
function timesIn(rows: RecordBatch, name: string): number[] | undefined {
  const column = rows.names.includes(name) ? rows.column(name) : undefined;
  if (!column || !NUMBERS.has(column.type.kind)) return undefined;
  const values = readColumn(column, { start: 0, end: column.length });
  return values.filter((value) => value !== null).map(Number);
}

/** The times of the first rows of a block; what cannot be decoded is told of by who reads it. */
function timesOfBlock(block: Uint8Array, spec: BlockDecoderSpec, name: string) {
  if (spec.format === "csv" || spec.format === "ndjson") {
    const cut = block.indexOf(LF, LOOK_BYTES) + 1;
    // A kernel takes longer to begin than a few lines take without one.
    const decoder = new ReferenceBlockDecoder(spec);
    return timesIn(decoder.decode(cut > 0 ? block.subarray(0, cut) : block).batch, name);
  }
  using decoder = createBlockDecoder(spec, create());
  return timesIn(decoder.decode(block, 0).batch, name);
}

/** Looks at what a source gives until there is a time. */
class FirstTimes {
  readonly #column: string;
  readonly #tell: (doubt: DoubtfulTimes) => void;
  #spec: BlockDecoderSpec | undefined;
  #isDone = false;

  /** Of a column of event times. */
  constructor(column: string, tell: (doubt: DoubtfulTimes) => void) {
    this.#column = column;
    this.#tell = tell;
  }

  /** Looks at what comes next. */
  look({ batch, block, format }: SourceBatch): void {
    if (this.#isDone) return;
    if (format) this.#spec = format.decoder;
    if (!batch && !block) return;
    const column = this.#column;
    const times = batch ? timesIn(batch, column) : timesOfBlock(block!.bytes, this.#spec!, column);
    this.#isDone = times?.length !== 0;
    const doubt = times && this.#isDone ? doubtOf(column, times) : undefined;
    if (doubt) this.#tell(doubt);
  }
}

/** Hands all on as it is; what is being waited for can be ended meanwhile, as in the source. */
function looked(parts: AsyncIterator<SourceBatch>, first: FirstTimes): AsyncIterator<SourceBatch> {
  return {
    next: async () => {
      const next = await parts.next();
      if (!next.done) first.look(next.value);
      return next;
    },
    return: async () => await parts.return?.() ?? { done: true, value: undefined },
  };
}

/**
 * Has a source checked, when it is read, whether the first times in a column are of another unit than
 * milliseconds: numbers that nobody says the unit of would become windows of 1970, without a word.
 *
 * @param tell Takes what is doubtful, once; what it throws ends the reading.
 */
export function withCheckedTimes(
  source: Source,
  column: string,
  tell: (doubt: DoubtfulTimes) => void,
): Source {
  const open = source.open.bind(source);
  source.open = (options) => {
    const parts = open(options)[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => looked(parts, new FirstTimes(column, tell)) };
  };
  return source;
}
