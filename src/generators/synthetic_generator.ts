import { RecordBatch } from "../batch/record_batch.ts";
import type { TypedSchema } from "../batch/schema.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { knownOptions, received } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PipelineInput, RowOfInput } from "../sources/from.ts";
import type { Conditions } from "./conditions/conditions.ts";
import { GeneratorSamplers } from "./conditions/generator_samplers.ts";
import { describeModel } from "./model/describe_model.ts";
import { encodeRows } from "./encoding/encode_rows.ts";
import { encodingOf } from "./encoding/encoding.ts";
import { shownField } from "./encoding/time_texts.ts";
import type { Pace } from "./streaming/pace.ts";
import { checkFitOptions, FIT_OPTIONS, type FitOptions, seedBits } from "./fit_options.ts";
import { fitModel } from "./model/fit_model.ts";
import { type SavedModel, writeModelFile } from "./model/model_file.ts";
import { readModelFile } from "./model/model_file_reader.ts";
import { readModelBytes } from "./model/model_bytes.ts";
import { rowLikelihoods } from "./model/row_likelihoods.ts";
import { Sample, type SampleOptions } from "./sampling/sample.ts";
import { sampleBlocks } from "./sampling/sample_blocks.ts";
import { blocksByBees } from "./sampling/sample_crew.ts";
import { checkKeys, checkSample } from "./sampling/sample_options.ts";
import type { ColumnSpecs, RowOfSpecs } from "./spec/column_spec.ts";
import { declaredModel, type GeneratorSpec } from "./spec/declared_model.ts";
import { learnedFrom, readTrainingRows } from "./training_rows.ts";
import { updateModel } from "./update/update_model.ts";
import type { UpdateOptions } from "./update/update_options.ts";
import { fitTwin } from "./twins/twin_fit.ts";
import { TwinPace } from "./twins/twin_pace.ts";
import { TwinSamples } from "./twins/twin_samples.ts";

/** Where the files of a generator are; for simulations. */
export interface GeneratorFileOptions {
  /** The world: the only way to files. Default: that of the process. */
  runtime?: Runtime;
}

/**
 * Learns what rows look like, and makes others like them.
 *
 * @example
 * ```ts
 * import { SyntheticGenerator } from "@waggle/stream";
 *
 * const orders = Array.from({ length: 200 }, (_, i) => ({
 *   country: ["DE", "FR", "FR", "IT"][i % 4],
 *   price: (i % 4) * 10 + (i % 7) / 4,
 *   gift: i % 10 === 0,
 * }));
 * const generator = await SyntheticGenerator.fit(orders, { seed: 1 });
 * for (const { country, price, gift } of generator.sample(3, { seed: 7 })) {
 *   console.log(country, price, gift);
 * }
 * ```
 */
export class SyntheticGenerator<Row = Record<string, unknown>> {
  readonly #saved: SavedModel;
  readonly #twin: TwinSamples | undefined;
  readonly #samplers: GeneratorSamplers;

  /** Use {@linkcode SyntheticGenerator.fit} or {@linkcode SyntheticGenerator.load}. */
  private constructor(saved: SavedModel) {
    this.#saved = saved;
    this.#samplers = new GeneratorSamplers(saved);
    const { twin, encoding } = saved;
    if (twin) this.#twin = new TwinSamples(twin, encoding);
  }

  /**
   * Learns from rows: objects, record batches, or a source such as `csv(path)`. Of more than
   * `maxRows` a random sample is kept, by the seed; of a stream (`time`) the first ones, and the event
   * times of up to 8 million, or of `maxRows` where that is more.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   * @throws {TrainingDataError} when there are no rows, or a column that cannot be learned.
   */
  static async fit<Input extends PipelineInput>(
    input: Input,
    options: FitOptions = {},
  ): Promise<SyntheticGenerator<RowOfInput<Input>>> {
    checkFitOptions(knownOptions(options, {
      doing: "fit generator",
      names: FIT_OPTIONS,
      example: '{ primaryKey: "id" }',
    }));
    const { batch, seen, times } = await readTrainingRows(input, options, denoRuntime);
    options.onProgress?.({ phase: "encoding", rows: batch.length, share: 0 });
    const { time } = options;
    if (time !== undefined && times) {
      return new SyntheticGenerator(await fitTwin({ batch, seen, times }, { ...options, time }));
    }
    const encoding = encodingOf(batch, options);
    const columns = encodeRows(encoding, batch);
    const rows = { columns, symbols: encoding.symbols, length: batch.length };
    const model = await fitModel(rows, { encoding, options });
    return new SyntheticGenerator({ encoding, model, ...learnedFrom(batch, seen) });
  }

  /**
   * A generator of columns that are declared, without any rows to learn from.
   *
   * @example
   * ```ts
   * import { SyntheticGenerator } from "@waggle/stream";
   *
   * const generator = SyntheticGenerator.fromSchema({
   *   columns: {
   *     id: { pattern: "AB-####" },
   *     city: { values: { Rome: 5, Milan: 3, Paris: 2 } },
   *     country: { by: "city", lookup: { Paris: "FR" }, otherwise: "IT" },
   *     price: { lognormal: { median: 20, deviation: 0.5 }, decimals: 2 },
   *   },
   * });
   * for (const { id, city, country, price } of generator.sample(3)) {
   *   console.log(id, city, country, price);
   * }
   * ```
   * @throws {TypeError} when a column cannot be as it is declared.
   */
  static fromSchema<const Specs extends ColumnSpecs, const Time extends string = never>(
    spec: GeneratorSpec<Specs, Time>,
  ): SyntheticGenerator<RowOfSpecs<Specs> & { [K in Time]: number }> {
    return new SyntheticGenerator(declaredModel(spec));
  }

  /**
   * Loads what {@linkcode SyntheticGenerator.save} has written, from a file or from its bytes. Nothing
   * in a model file is code; all of it is checked.
   *
   * @throws {ModelFileError} when it is no model file, damaged, or of a newer version.
   */
  static async load<Row = Record<string, unknown>>(
    from: string | URL | Uint8Array,
    { runtime = denoRuntime }: GeneratorFileOptions = {},
  ): Promise<SyntheticGenerator<Row>> {
    const isPath = typeof from === "string" || from instanceof URL;
    if (!isPath && !(from instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot load model: load() takes a path, a URL of a file, or bytes, received ${
          received(from)
        }`,
      );
    }
    return new SyntheticGenerator<Row>(
      readModelFile(isPath ? await readModelBytes(from, runtime) : from),
    );
  }

  /** The columns of what is sampled. */
  get schema(): TypedSchema<Row> {
    const { encoding, twin } = this.#saved;
    return { fields: twin ? twin.fields : encoding.columns.map(shownField) };
  }

  /**
   * Makes `count` rows: as plain objects by iterating or `toRows()`, as columns by `batches()` or
   * `toBatch()`. Row i depends on the model, the seed and i alone. With `workers` bees make them, and
   * they are taken by `for await`.
   *
   * @param count How many; may be `Infinity`.
   * @throws {TypeError | RangeError} when count or an option is none that it can be, a key's pattern
   *   has not so many keys, or no row can satisfy the conditions.
   */
  sample(count: number, options: SampleOptions = {}): Sample<Row> {
    checkSample(count, options);
    const { seed, start = 0, workers, signal, runtime = denoRuntime, lateness } = options;
    const { encoding } = this.#saved;
    const schema = this.#schema(lateness);
    if (Number.isFinite(count)) checkKeys(encoding, start + count);
    const bits = seedBits(seed);
    const late = lateness === undefined ? {} : { lateness };
    const rows = this.#samplers.conditioned(options.conditions);
    const common = { start, end: start + count, runtime, ...(signal && { signal }) };
    const { acceptance } = rows;
    const range = {
      ...common,
      acceptance,
      ...sampleBlocks<Row>({ encoding, twin: this.#twin }, { count, seed: bits, rows, ...late }),
    };
    if (!workers) return new Sample<Row>(range);
    const own = { seed: bits, start, ...late, ...rows.options };
    const init = () => ({ model: this.toBytes(), count, options: own });
    const crew = { workers, ...range, schema, init, load: SyntheticGenerator.load };
    const byBees = (first: number, end: number) => blocksByBees<Row>({ first, end }, crew);
    return new Sample<Row>({ ...range, byBees });
  }

  /**
   * How likely a row is to satisfy conditions. Where they compare columns with each other, or are
   * such that rows have to be drawn to see, up to a million are drawn to estimate it.
   *
   * @throws {TypeError} when they name a column that is not there, or do not fit its type.
   * @throws {RangeError} when no row can satisfy them.
   */
  probability(conditions: Conditions): number {
    return this.#samplers.probability(conditions);
  }

  /**
   * How likely rows are: of each the natural logarithm of the probability of its symbols, which are
   * values where these are few and ranges of values where they are many. Columns that follow from
   * others, and keys, take no part. `-Infinity` where a row has a category or a null that no row had.
   *
   * @throws {TypeError} when rows lack a column, or have a value that does not fit.
   */
  logLikelihood(rows: Iterable<object> | RecordBatch<Row>): Float64Array {
    const batch = rows instanceof RecordBatch
      ? rows
      : RecordBatch.fromRows(rows, { schema: this.schema, extraKeys: "ignore" });
    return rowLikelihoods(this.#saved, batch as RecordBatch);
  }

  /**
   * Learns from more rows, for data that drift: a generator that knows both what this one knows and
   * the rows. This one stays what it is.
   *
   * Which columns there are and what their symbols stand for stays; so does what follows from other
   * columns. New categories are `"other"` where rare ones were folded, and unknown else; numbers
   * beyond all that there were widen what can be sampled.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or this is the twin of a
   *   stream.
   * @throws {TrainingDataError} when there are no rows, or some that cannot be learned.
   */
  async update(
    input: PipelineInput,
    options: UpdateOptions = {},
  ): Promise<SyntheticGenerator<Row>> {
    return new SyntheticGenerator<Row>(await updateModel(this.#saved, input, options));
  }

  /**
   * When the records of a twin of a stream arrive, in ms from one of them on: what streams are paced
   * by.
   *
   * @param first The number of the record.
   * @param options The seed of the sample, and by what the stream is faster than what was learned.
   * @throws {TypeError} when it is no twin, so that nothing is known of arrivals.
   */
  pace(first: number, { seed, speed }: { seed: number | bigint; speed: number }): Pace {
    const { twin } = this.#saved;
    if (twin) {
      return new TwinPace({ arrivals: twin.arrivals, seed: seedBits(seed) }, { first, speed });
    }
    throw new TypeError(
      `Cannot pace a stream by what was learned: this generator has learned rows, and nothing of when ` +
        `they come; fit it with the column of their event times, such as { time: "ts" }, or set ` +
        `rateLimit or interval instead of speed`,
    );
  }

  /** What was learned, for people. */
  describe(): string {
    return describeModel(this.#saved);
  }

  /** The model as the bytes of a file. */
  toBytes(): Uint8Array {
    return writeModelFile(this.#saved);
  }

  /** Writes the model to a file, whole or not at all. By convention its name ends in `.waggle`. */
  async save(
    path: string | URL,
    { runtime = denoRuntime }: GeneratorFileOptions = {},
  ): Promise<void> {
    await runtime.writeFile(path, this.toBytes());
  }

  /** The columns of a sample. */
  #schema(lateness: string | undefined): TypedSchema<Row> {
    if (lateness === undefined) return this.schema;
    if (this.#twin) return { fields: this.#twin.fields(lateness) };
    throw new TypeError(
      `Cannot sample: records are late only in the twin of a stream, and this generator has learned ` +
        `rows; fit it with the column of their event times, such as { time: "ts" }`,
    );
  }
}
