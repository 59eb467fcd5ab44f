import type { RecordBatch } from "../../batch/record_batch.ts";
import type { BlockDecoder } from "../block_decoder.ts";
import type { AvroBlockSpec } from "../block_specs.ts";
import type { AvroEncoderOptions } from "./avro_encoder.ts";
import type { AvroEngine, AvroRecordEncoder } from "./avro_engine.ts";
import type { AvroSchema } from "./avro_type.ts";

/** Decoders that are kept: messages of more schemas in turn have theirs made again. */
const MOST_DECODERS = 8;

/**
 * An engine whose decoders and encoders serve one small file after the other: to make them takes
 * longer than to read a message. Of each encoder only one may be in use at a time, and so of each
 * decoder.
 */
export class KeptEngine implements AvroEngine, Disposable {
  readonly #engine: AvroEngine;
  readonly #decoders = new Map<string, BlockDecoder>();
  #encoder: { readonly of: unknown; readonly made: AvroRecordEncoder } | undefined;

  /** What keeps the decoders and encoders of another. */
  constructor(engine: AvroEngine) {
    this.#engine = engine;
  }

  /** See {@linkcode AvroEngine}. */
  columns(schema: AvroSchema): ReturnType<AvroEngine["columns"]> {
    return this.#engine.columns(schema);
  }

  /** A decoder, which is given back by its end. */
  decoder(spec: AvroBlockSpec, options: { readonly budgetBytes?: number }): BlockDecoder {
    const key = JSON.stringify(spec);
    let made = this.#decoders.get(key);
    if (made === undefined) {
      made = this.#engine.decoder(spec, options);
      this.#makeRoom();
    } else this.#decoders.delete(key);
    this.#decoders.set(key, made); // the last of them was used last
    const kept = made;
    return {
      decode: (bytes, from) => kept.decode(bytes, from),
      [Symbol.dispose]: () => {},
    };
  }

  /** An encoder, which is given back by its end. */
  encoder(schema: AvroSchema | string | object, options: AvroEncoderOptions): AvroRecordEncoder {
    if (this.#encoder?.of !== schema) {
      const made = this.#engine.encoder(schema, options);
      this.#encoder?.made[Symbol.dispose]();
      this.#encoder = { of: schema, made };
    }
    const { made } = this.#encoder;
    return {
      schema: made.schema,
      encode: (batch: RecordBatch<unknown>) => made.encode(batch),
      [Symbol.dispose]: () => {},
    };
  }

  /** Gives the memory of all of them back. */
  [Symbol.dispose](): void {
    for (const decoder of this.#decoders.values()) decoder[Symbol.dispose]();
    this.#decoders.clear();
    this.#encoder?.made[Symbol.dispose]();
    this.#encoder = undefined;
  }

  #makeRoom(): void {
    if (this.#decoders.size < MOST_DECODERS) return;
    const [[oldest, decoder]] = this.#decoders;
    decoder[Symbol.dispose]();
    this.#decoders.delete(oldest);
  }
}
