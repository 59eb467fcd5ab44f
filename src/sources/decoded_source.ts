import type { TypedSchema } from "../batch/schema.ts";
import type { BadRecordOptions } from "../codecs/bad_record.ts";
import type { BatchDecoder, DecoderOptions } from "../codecs/batch_decoder.ts";
import { lineText } from "../codecs/record_lines.ts";
import { type CompressionOptions, inflate } from "../codecs/inflate/inflate.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { RecordPlace, Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { ByteInput, type ByteSource, nameOf } from "./byte_input.ts";
import { inflateOptions } from "./decoder_options.ts";
import { sourcePolicy } from "./source_policy.ts";

/** What a {@linkcode DecodedSource} is made of. */
export interface DecodedSourceOptions<Row> {
  readonly options: DecoderOptions<Row> & CompressionOptions;
  /** Makes a decoder of an input, of that name and with that policy. */
  readonly decoderOf: (given: BadRecordOptions & { readonly name: string }) => LinedDecoder<Row>;
}

/** A decoder that knows on which lines rows start. */
export interface LinedDecoder<Row> extends BatchDecoder<Row> {
  /** The line of a row of a batch that it gave, from 1. */
  lineOf(batch: RecordBatch<Row>, row: number): number | undefined;
}

/**
 * A source of the records in bytes that cannot be cut into blocks, so that no bee could begin in
 * the middle: they are decoded where they are read.
 */
export class DecodedSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly #bytes: ByteSource;
  readonly #given: DecodedSourceOptions<Row>;

  constructor(bytes: ByteSource, given: DecodedSourceOptions<Row>) {
    this.#bytes = bytes;
    this.#given = given;
    this.name = given.options.name ?? nameOf(bytes);
    if (given.options.schema) this.schema = given.options.schema;
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const { signal, runtime } = options;
    const input = new ByteInput(this.#bytes, this.name);
    const { options: own, decoderOf } = this.#given;
    const decoder = decoderOf({ name: this.name, ...sourcePolicy(own, options) });
    const { badRecords = options.badRecords } = own;
    const { name } = this;
    let bad = 0;
    let rows = 0;
    const placesIn = (batch: RecordBatch<Row>) => {
      const before = rows;
      rows += batch.length;
      return (row: number): RecordPlace => {
        const line = decoder.lineOf(batch, row)!;
        return { position: before + row, line, text: lineText(name, line) };
      };
    };
    const told = function* (batches: RecordBatch<Row>[]): Generator<SourceBatch<Row>> {
      const count = decoder.metrics().badRecords - bad;
      bad += count;
      const { progress } = input;
      if (count > 0) yield badRecords === "skip" ? { skipped: count } : { deadLettered: count };
      for (const batch of batches) yield { batch, progress, placeOf: placesIn(batch) };
    };
    const chunks = inflate(input.chunks(runtime, { signal }), inflateOptions(this.name, own));
    for await (const chunk of chunks) {
      yield* told(decoder.push(chunk));
      if (signal.aborted) return;
    }
    if (signal.aborted) return; // what has come may end in the middle of a record
    yield* told(decoder.finish());
    yield { progress: input.progress };
  }
}
