import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Field } from "../../batch/schema.ts";
import type { ConditionedRows } from "../conditions/generator_samplers.ts";
import type { ColumnPlan, Encoding } from "../encoding/plans.ts";
import { KeyColumns } from "./key_columns.ts";
import { drawnColumns, type Twin } from "./twin.ts";
import type { DrawRows } from "./twin_rows.ts";
import { latenessField, TwinStream, type TwinStreamOptions } from "./twin_stream.ts";

/** Streams that are kept, each where it was left. */
const MOST_STREAMS = 4;

/** Which records of a twin are wanted. */
export interface TwinSample {
  readonly seed: bigint;
  /** The name of a column of lateness. */
  readonly lateness?: string;
  /** How the rows of events are drawn. */
  readonly rows: ConditionedRows;
}

/** The samples of a twin, which go on where another of the same seed has stopped. */
export class TwinSamples {
  readonly #twin: Twin;
  readonly #plans: readonly ColumnPlan[];
  readonly #made: TwinStreamOptions["made"];
  #keys: KeyColumns | undefined;
  readonly #streams = new Map<string, TwinStream>();

  /** Of a twin whose rows are encoded so. */
  constructor(twin: Twin, encoding: Encoding) {
    this.#twin = twin;
    this.#plans = encoding.columns;
    const drawn = drawnColumns(twin);
    this.#made = encoding.columns.flatMap(({ kind }, of) =>
      kind === "key" ? [{ at: drawn[of], of }] : []
    );
  }

  /** The columns of keys, which are the same for all samples. */
  #keyColumns(): KeyColumns | undefined {
    const { keys, fields, states } = this.#twin;
    return keys && (this.#keys ??= new KeyColumns(keys, fields, states.profiles));
  }

  /**
   * The columns of a sample.
   *
   * @throws {TypeError} when the column of lateness has the name of another.
   */
  fields(lateness: string | undefined): readonly Field[] {
    const { fields } = this.#twin;
    if (lateness === undefined) return fields;
    if (!fields.some(({ name }) => name === lateness)) return [...fields, latenessField(lateness)];
    throw new TypeError(
      `Cannot sample: there is a column ${
        JSON.stringify(lateness)
      } already; name that of lateness ` +
        `otherwise`,
    );
  }

  /** A block of 4,096 records. */
  block(block: number, sample: TwinSample): RecordBatch {
    const { name, stream } = this.#take(sample);
    const made = stream.block(block);
    this.#streams.set(name, stream);
    return made;
  }

  /** Goes to where a block begins, piece by piece, so that making it then takes no longer than others. */
  *approach(block: number, sample: TwinSample): Generator<void, void, undefined> {
    const { name, stream } = this.#take(sample);
    yield* stream.approach(block);
    this.#streams.set(name, stream);
  }

  /** A stream, which is forgotten until it is kept: one that failed is in the middle of something. */
  #take({ seed, lateness, rows }: TwinSample): { name: string; stream: TwinStream } {
    const name = JSON.stringify([String(seed), lateness, rows.options]);
    const known = this.#streams.get(name);
    this.#streams.delete(name);
    if (known) return { name, stream: known };
    const draw: DrawRows = (at) => rows.maker().block(at);
    const own = { seed, draw, plans: this.#plans, made: this.#made, keys: this.#keyColumns() };
    const late = lateness !== undefined && { lateness };
    const [oldest] = this.#streams.keys();
    if (this.#streams.size >= MOST_STREAMS) this.#streams.delete(oldest);
    return { name, stream: new TwinStream(this.#twin, { ...own, ...late }) };
  }
}
