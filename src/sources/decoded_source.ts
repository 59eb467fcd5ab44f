import type { TypedSchema } from "../batch/schema.ts";
import type { BadRecord, BadRecordOptions } from "../codecs/bad_record.ts";
import type { BatchDecoder, DecoderOptions } from "../codecs/batch_decoder.ts";
import { type CompressionOptions, inflate } from "../codecs/inflate/inflate.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { ByteInput, type ByteSource, nameOf } from "./byte_input.ts";

/** What a {@linkcode DecodedSource} is made of. */
export interface DecodedSourceOptions<Row> {
  readonly options: DecoderOptions<Row> & CompressionOptions;
  /** Makes a decoder of an input, of that name and with that policy. */
  readonly decoderOf: (given: BadRecordOptions & { readonly name: string }) => BatchDecoder<Row>;
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
    const { compression, maxInflatedBytes, maxInflationRatio } = this.#given.options;
    const limits = { compression, maxInflatedBytes, maxInflationRatio };
    const asked = Object.entries(limits).filter(([, value]) => value !== undefined);
    const input = new ByteInput(this.#bytes, this.name);
    const decoder = this.#given.decoderOf({ name: this.name, ...policyOf(options, this.#given) });
    const { badRecords = options.badRecords } = this.#given.options;
    let bad = 0;
    const told = function* (batches: RecordBatch<Row>[]): Generator<SourceBatch<Row>> {
      const count = decoder.metrics().badRecords - bad;
      bad += count;
      const { progress } = input;
      if (count > 0) yield badRecords === "skip" ? { skipped: count } : { deadLettered: count };
      for (const batch of batches) yield { batch, progress };
    };
    const chunks = inflate(input.chunks(runtime), {
      name: this.name,
      ...Object.fromEntries(asked),
    });
    for await (const chunk of chunks) {
      yield* told(decoder.push(chunk));
      if (signal.aborted) return;
    }
    yield* told(decoder.finish());
    yield { progress: input.progress };
  }
}

/** The policy of the source's own options, or that of the pipeline. */
function policyOf<Row>(
  { badRecords, deadLetter }: SourceOptions,
  { options }: DecodedSourceOptions<Row>,
): BadRecordOptions {
  const { badRecords: own, deadLetter: ownLetter } = options;
  if (own) return { badRecords: own, ...(ownLetter && { deadLetter: ownLetter }) };
  if (badRecords !== "deadLetter") return { badRecords };
  const put = ({ bytes, error, line }: BadRecord) => {
    const { name, message } = error;
    deadLetter({ record: bytes, error: { name, message }, position: line });
  };
  return { badRecords, deadLetter: put };
}
