import type { RecordBatch } from "../../batch/record_batch.ts";
import { concatBytes } from "../../batch/concat_bytes.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import { checkPositive, checkWord } from "../option_checks.ts";
import { AVRO_CODECS, type AvroCodec, compressBlock } from "./avro_block_codecs.ts";
import type { AvroEncoderOptions, EncodedAvro } from "./avro_encoder.ts";
import { type AvroEngine, type AvroRecordEncoder, kernelEngine } from "./avro_engine.ts";
import { SYNC_BYTES, writeAvroFileHeader } from "./avro_file_header.ts";
import type { AvroSchema } from "./avro_type.ts";
import { avroSchemaOf } from "./avro_schema_of.ts";
import { ByteWriter } from "./byte_writer.ts";

const BLOCK_BYTES = 65_536;

/** Options of {@linkcode AvroFileEncoder}. */
export interface AvroFileEncoderOptions extends AvroEncoderOptions {
  /** What the records are. Default: inferred from the columns of the first batch. */
  schema?: AvroSchema | string | object;
  /** How blocks are compressed. Default `"null"`: not at all. */
  codec?: AvroCodec;
  /** A block ends when its records have so many bytes, before they are compressed. Default 64 KiB. */
  blockBytes?: number;
  /** What else is to stand in the header; names that begin with `avro.` are Avro's own. */
  metadata?: Readonly<Record<string, string | Uint8Array>>;
  /** What is put behind each block, 16 bytes. Default: at random. */
  syncMarker?: Uint8Array;
  /** What writes records. Default: the kernel; `@waggle/stream/avro` has one for all types. */
  engine?: AvroEngine;
}

const OPTIONS: OptionRule<AvroFileEncoderOptions> = {
  doing: "make Avro file",
  names: {
    schema: true,
    codec: true,
    blockBytes: true,
    metadata: true,
    syncMarker: true,
    engine: true,
    extraColumns: true,
    budgetBytes: true,
  },
};

function markerOf(given: Uint8Array | undefined): Uint8Array {
  if (given === undefined) {
    return Uint8Array.from({ length: SYNC_BYTES }, () => denoRuntime.random() * 256);
  }
  if (given instanceof Uint8Array && given.length === SYNC_BYTES) return given.slice();
  const what = given instanceof Uint8Array ? `${given.length} bytes` : received(given);
  throw new TypeError(
    `Cannot make Avro file: syncMarker must be a Uint8Array of 16 bytes, received ${what}`,
  );
}

function entriesOf(given: AvroFileEncoderOptions["metadata"] = {}): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  const entries = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries(given)) {
    const isFit = typeof value === "string" || value as unknown instanceof Uint8Array;
    if (!isFit || name.startsWith("avro.")) {
      throw new TypeError(
        `Cannot make Avro file: metadata are texts or bytes by names that do not begin with ` +
          `"avro.", received ${JSON.stringify(name)}: ${received(value)}`,
      );
    }
    entries.set(name, typeof value === "string" ? encoder.encode(value) : value.slice());
  }
  return entries;
}

/** How it was before something that may have to be undone. */
interface Before {
  /** Those of the open block, and how many there were: what is added comes behind. */
  readonly pieces: Uint8Array[];
  readonly length: number;
  readonly records: number;
  readonly bytes: number;
  readonly state: "new" | "open" | "finished";
}

/**
 * Encodes record batches as an Avro file (object container file): a header with the schema, then
 * blocks of records, each compressed by itself.
 *
 * @example
 * ```ts
 * import { AvroFileEncoder, RecordBatch } from "@waggle/stream";
 *
 * const encoder = new AvroFileEncoder({ codec: "deflate" });
 * const batch = RecordBatch.fromRows([{ bird: "Gull", count: 3 }, { bird: "Owl", count: 1 }]);
 * const file = new Blob([...encoder.push(batch), ...encoder.finish()]);
 * console.log(file.size);
 * ```
 */
export class AvroFileEncoder implements Disposable {
  readonly #codec: AvroCodec;
  readonly #blockBytes: number;
  readonly #metadata: Map<string, Uint8Array>;
  readonly #sync: Uint8Array;
  readonly #encoderOptions: AvroEncoderOptions;
  readonly #engine: AvroEngine;
  #encoder: AvroRecordEncoder | undefined;
  #pieces: Uint8Array[] = [];
  #records = 0;
  #bytes = 0;
  #state: "new" | "open" | "finished" = "new";
  #before: Before = { pieces: [], length: 0, records: 0, bytes: 0, state: "new" };

  /**
   * An encoder of one file.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: AvroFileEncoderOptions = {}) {
    const { schema, codec = "null", blockBytes = BLOCK_BYTES, metadata, ...rest } = knownOptions(
      options,
      OPTIONS,
    );
    const { syncMarker, engine = kernelEngine, ...others } = rest;
    this.#codec = checkWord("codec", codec, AVRO_CODECS, OPTIONS.doing);
    this.#blockBytes = checkPositive("blockBytes", blockBytes, OPTIONS.doing);
    this.#metadata = entriesOf(metadata);
    this.#sync = markerOf(syncMarker);
    this.#engine = engine;
    this.#encoderOptions = others;
    if (schema !== undefined) this.#encoder = engine.encoder(schema, others);
  }

  /** What the records are; `undefined` until it is known. */
  get schema(): AvroSchema | undefined {
    return this.#encoder?.schema;
  }

  /**
   * Encodes a batch, and returns the bytes of the file that are ready.
   *
   * @throws as {@linkcode AvroEncoder.encode} does; the batch has not been written then.
   * @throws {TypeError} after `finish`.
   */
  push<Row>(batch: RecordBatch<Row>): Uint8Array<ArrayBuffer>[] {
    this.#checkOpen();
    const options = this.#encoderOptions;
    this.#encoder ??= this.#engine.encoder(avroSchemaOf(batch.schema), options);
    const encoded = this.#encoder.encode(batch as RecordBatch<unknown>);
    this.#remember();
    const out = this.#begin(this.#encoder.schema);
    this.#add(encoded, out);
    return out;
  }

  /**
   * Ends the block that is open, so that all records so far can be read, and returns its bytes.
   *
   * @throws {TypeError} after `finish`.
   */
  flush(): Uint8Array<ArrayBuffer>[] {
    this.#checkOpen();
    this.#remember();
    const out: Uint8Array<ArrayBuffer>[] = [];
    this.#flush(out);
    return out;
  }

  /** Makes it as if the last `push` or `flush` had not been, whose bytes could not be written. */
  undo(): void {
    const { pieces, length, records, bytes, state } = this.#before;
    this.#pieces = pieces;
    this.#pieces.length = length;
    this.#records = records;
    this.#bytes = bytes;
    this.#state = state;
  }

  /**
   * Ends the file, and returns the rest of its bytes.
   *
   * @throws {TypeError} after `finish`, and when there was neither a batch nor a schema.
   */
  finish(): Uint8Array<ArrayBuffer>[] {
    this.#checkOpen();
    if (!this.#encoder) {
      throw new TypeError(
        "Cannot finish Avro file: there was no batch, so its schema is not known; pass schema",
      );
    }
    const out = this.#begin(this.#encoder.schema);
    this.#flush(out);
    this.#state = "finished";
    this[Symbol.dispose]();
    return out;
  }

  /** Gives kernel memory back; `finish` does it too. */
  [Symbol.dispose](): void {
    this.#encoder?.[Symbol.dispose]();
  }

  #remember(): void {
    this.#before = {
      pieces: this.#pieces,
      length: this.#pieces.length,
      records: this.#records,
      bytes: this.#bytes,
      state: this.#state,
    };
  }

  #checkOpen(): void {
    if (this.#state !== "finished") return;
    throw new TypeError("Cannot write Avro file: it is finished; make an encoder for the next");
  }

  #begin({ json }: AvroSchema): Uint8Array<ArrayBuffer>[] {
    if (this.#state === "open") return [];
    this.#state = "open";
    const encoder = new TextEncoder();
    const metadata = new Map([
      ["avro.schema", encoder.encode(json)],
      ["avro.codec", encoder.encode(this.#codec)],
      ...this.#metadata,
    ]);
    return [writeAvroFileHeader(metadata, this.#sync)];
  }

  /** Adds records to the open block, and ends it as often as it is full. */
  #add({ bytes, offsets }: EncodedAvro, out: Uint8Array<ArrayBuffer>[]): void {
    const end = offsets.length - 1;
    let from = 0;
    for (let row = 0; row < end; row++) {
      const isLast = row + 1 === end;
      const isFull = this.#bytes + offsets[row + 1] - offsets[from] >= this.#blockBytes;
      if (!isFull && !isLast) continue;
      // a copy, since what was encoded lies in kernel memory
      const piece = bytes.slice(offsets[from], offsets[row + 1]);
      this.#pieces.push(piece);
      this.#bytes += piece.length;
      this.#records += row + 1 - from;
      from = row + 1;
      if (isFull) this.#flush(out);
    }
  }

  #flush(out: Uint8Array<ArrayBuffer>[]): void {
    if (this.#records === 0) return;
    const data = compressBlock(this.#codec, concatBytes(this.#pieces));
    const counts = new ByteWriter();
    counts.whole(this.#records);
    counts.whole(data.length);
    const head = counts.take();
    const block = new Uint8Array(head.length + data.length + SYNC_BYTES);
    block.set(head);
    block.set(data, head.length);
    block.set(this.#sync, head.length + data.length);
    out.push(block);
    this.#pieces = [];
    this.#records = this.#bytes = 0;
  }
}
