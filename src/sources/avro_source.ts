import type { TypedSchema } from "../batch/schema.ts";
import {
  AvroFileDecoder,
  type AvroFileDecoderOptions,
  MAX_HEADER_BYTES,
} from "../codecs/avro/avro_file_decoder.ts";
import { COUNT_BYTES } from "../codecs/avro/counted_records.ts";
import { kernelEngine } from "../codecs/avro/avro_engine.ts";
import { AvroFileError, recordFault } from "../codecs/avro/avro_file_error.ts";
import { AvroFileFaultError } from "../codecs/avro/avro_file_fault.ts";
import {
  AvroFileReader,
  type AvroFileRecords,
  type LostPart,
} from "../codecs/avro/avro_file_records.ts";
import { avroFileSpec } from "../codecs/avro/avro_file_spec.ts";
import { type BadRecord, BadRecords } from "../codecs/bad_record.ts";
import type { BadBlockRecord } from "../codecs/block_decoder.ts";
import { inflate } from "../codecs/inflate/inflate.ts";
import { BATCH_ROWS, MAX_BATCH_BYTES, MAX_RECORD_BYTES } from "../codecs/limits.ts";
import { blockBytesFor } from "../stream/block_plan.ts";
import type { Source, SourceBatch, SourceBlock, SourceOptions } from "../stream/source.ts";
import type { ByteSourceOptions } from "./block_source.ts";
import { ByteInput, type ByteSource, checkByteSource, nameOf } from "./byte_input.ts";
import { decoderOptions, inflateOptions } from "./decoder_options.ts";
import { type Package, type PackedPart, RecordPacker } from "./record_packer.ts";
import { sourcePolicy } from "./source_policy.ts";

/** Options of {@linkcode avro}: those of the decoder, and those about the bytes. */
export interface AvroSourceOptions<Row = Record<string, unknown>>
  extends AvroFileDecoderOptions<Row>, ByteSourceOptions {
  /**
   * The most memory that the kernel may take where the main thread decodes, in bytes; those of the
   * bees are not counted. Default 1 GiB.
   */
  budgetBytes?: number;
}

type Reads<Row> = Generator<SourceBatch<Row>, void, undefined>;

/** A source of the records in an Avro file, given in packages or decoded as they come. */
class AvroSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly recordBytes?: number;
  readonly #bytes: ByteSource;
  readonly #options: AvroSourceOptions<Row>;

  constructor(bytes: ByteSource, options: AvroSourceOptions<Row>) {
    this.#bytes = bytes;
    this.#options = options;
    this.name = options.name ?? nameOf(bytes);
    // another engine is not in the bees
    if (!options.engine) {
      this.recordBytes = COUNT_BYTES + (options.maxRecordBytes ?? MAX_RECORD_BYTES);
    }
    if (options.schema) this.schema = options.schema;
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const { signal, runtime, blockBytes } = options;
    const input = new ByteInput(this.#bytes, this.name);
    const giver = blockBytes === undefined || this.recordBytes === undefined
      ? this.#decoding(options)
      : new Packing<Row>(this.#options, { ...options, blockBytes, name: this.name });
    const chunks = inflate(
      input.chunks(runtime, { signal }),
      inflateOptions(this.name, this.#options),
    );
    for await (const chunk of chunks) {
      for (const read of giver.add(chunk)) yield { ...read, progress: input.progress };
      if (signal.aborted) return;
    }
    if (signal.aborted) return; // what has come may end in the middle of a record
    for (const read of giver.end()) yield { ...read, progress: input.progress };
    yield { progress: input.progress };
  }

  /** Decodes here. */
  #decoding(options: SourceOptions): { add(chunk: Uint8Array): Reads<Row>; end(): Reads<Row> } {
    const { badRecords = options.badRecords } = this.#options;
    const decoder = new AvroFileDecoder<Row>({
      ...decoderOptions(this.#options),
      ...sourcePolicy(this.#options, options),
      name: this.name,
    });
    let told = 0;
    function* counted(batches: ReturnType<typeof decoder.push>): Reads<Row> {
      const bad = decoder.metrics().badRecords - told;
      told += bad;
      if (bad > 0) yield badRecords === "skip" ? { skipped: bad } : { deadLettered: bad };
      for (const batch of batches) yield { batch };
    }
    return {
      add: (chunk) => counted(decoder.push(chunk)),
      end: () => counted(decoder.finish()),
    };
  }
}

/** Gives packages of records for bees to decode. */
class Packing<Row> {
  readonly #options: AvroSourceOptions<Row>;
  readonly #source: SourceOptions & { readonly blockBytes: number; readonly name: string };
  readonly #bad: BadRecords;
  readonly #reader: AvroFileReader;
  readonly #partsOf = new WeakMap<Uint8Array, readonly PackedPart[]>();
  #packer: RecordPacker | undefined;
  #lost = 0;
  #offset = 0;

  constructor(
    options: AvroSourceOptions<Row>,
    source: SourceOptions & { readonly blockBytes: number; readonly name: string },
  ) {
    const { maxBlockBytes = MAX_BATCH_BYTES, maxHeaderBytes = MAX_HEADER_BYTES } = options;
    this.#options = options;
    this.#source = source;
    this.#bad = new BadRecords(sourcePolicy(options, source));
    this.#reader = new AvroFileReader(
      { maxBlockBytes, maxHeaderBytes },
      (lost) => this.#lose(lost),
    );
  }

  *add(chunk: Uint8Array): Reads<Row> {
    yield* this.#give(this.#reader.read(chunk));
  }

  *end(): Reads<Row> {
    yield* this.#give(this.#reader.finish());
  }

  *#give(all: Iterable<AvroFileRecords>): Reads<Row> {
    try {
      for (const records of all) {
        if (!this.#packer) yield this.#begin();
        for (const each of this.#packer!.add(records)) yield this.#block(each);
      }
    } catch (error) {
      if (!(error instanceof AvroFileFaultError)) throw error;
      const { fault, cause } = error;
      throw new AvroFileError(fault, { file: this.#source.name, isWhole: true, cause });
    }
    if (this.#packer) { for (const each of this.#packer.flush()) yield this.#block(each); }
    yield* this.#counted();
  }

  #begin(): SourceBatch<Row> {
    const { schema: writer } = this.#reader.header!;
    const { batchRows = BATCH_ROWS, maxRecordBytes = MAX_RECORD_BYTES } = this.#options;
    const { schema, readerSchema, badRecords = this.#source.badRecords } = this.#options;
    const { columns: names, wholeRecords, name } = this.#source;
    const { columns, spec } = avroFileSpec(writer, {
      ...{ engine: kernelEngine, batchRows, maxRecordBytes },
      ...(schema && { schema }),
      ...(readerSchema !== undefined && { readerSchema }),
      ...(names && !wholeRecords && { names }),
    });
    const most = blockBytesFor(COUNT_BYTES + maxRecordBytes, this.#options.blockBytes);
    const mostBytes = Math.min(this.#source.blockBytes, most);
    this.#packer = new RecordPacker(writer.type, { mostBytes, joins: badRecords === "fail" });
    const report = ({ error, bytes }: BadRecord) => this.#bad.report(error, () => bytes);
    const explain = (bad: BadBlockRecord, { bytes }: SourceBlock) => this.#explain(bad, bytes);
    const decoder = { ...spec, counted: true };
    return { format: { schema: columns, decoder, name, badRecords, report, explain } };
  }

  #block({ bytes, parts }: Package): SourceBatch<Row> {
    this.#partsOf.set(bytes, parts);
    const offset = this.#offset;
    this.#offset += bytes.length;
    return { block: { bytes, offset, linesBefore: 0, lines: 0 } };
  }

  /** The error about a record of a package, by the block of the file that it came from. */
  #explain(bad: BadBlockRecord, bytes: Uint8Array): AvroFileError {
    const parts = this.#partsOf.get(bytes)!;
    // where there are too few or too many records is not known of several blocks
    const part = parts.findLast(({ start }) => bad.start < bytes.length && start <= bad.start) ??
      parts[0];
    const shift = part.skipped.bytes - part.start;
    const fault = recordFault({
      ...bad,
      record: bad.record - part.record + part.skipped.records,
      start: bad.start + shift,
      at: (bad.at ?? bad.start) + shift,
    }, part.offset);
    return new AvroFileError(fault, { file: this.#source.name });
  }

  #lose({ fault, bytes }: LostPart): void {
    this.#lost++;
    this.#bad.report(new AvroFileError(fault, { file: this.#source.name }), () => bytes.slice());
  }

  /** Records that were left out since the last time. */
  *#counted(): Reads<Row> {
    const { badRecords = this.#source.badRecords } = this.#options;
    const count = this.#lost;
    this.#lost = 0;
    if (count > 0) yield badRecords === "skip" ? { skipped: count } : { deadLettered: count };
  }
}

/**
 * The records of an Avro file (object container file) or stream of its bytes, as a source of a
 * pipeline.
 *
 * What cannot be read goes the way of the pipeline's `badRecords`, unless that option is given here.
 * The bees decode what the pipeline asks for; with another `engine` all is decoded on the main
 * thread.
 *
 * @param input The path of a file, relative to the working directory, or a stream of bytes, which can
 *   be read once.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 *
 * @example
 * ```ts
 * import { avro, AvroFileEncoder, count, from, RecordBatch, TumblingWindow } from "@waggle/stream";
 *
 * const seen = RecordBatch.fromRows([{ at: 1000, bird: "gull" }, { at: 61000, bird: "tern" }]);
 * const encoder = new AvroFileEncoder({ codec: "deflate" });
 * const file = new Blob([...encoder.push(seen), ...encoder.finish()]);
 *
 * const minutes = from(avro(file.stream()), { workers: 1 })
 *   .timestamps("at", { format: "ms" })
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ n: count() });
 * for await (const { n } of minutes) console.log(n); // 1, then 1
 * ```
 */
export function avro<Row = Record<string, unknown>>(
  input: ByteSource,
  options: AvroSourceOptions<Row> = {},
): Source<Row> {
  checkByteSource(input, "read Avro");
  if (options.engine && options.blockBytes !== undefined) {
    throw new TypeError(
      `Cannot read Avro: blockBytes is of what bees decode, and with an engine none of them does, ` +
        `received blockBytes: ${options.blockBytes}; leave one of the two out`,
    );
  }
  new AvroFileDecoder<Row>(decoderOptions(options)); // tells of options that cannot be
  return new AvroSource<Row>(input, options);
}
