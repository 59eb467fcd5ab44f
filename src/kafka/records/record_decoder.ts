import type { Kernel } from "../../kernel/kernel.ts";
import { KafkaReader, type KafkaRecordsPlace, KafkaStop } from "../../kernel/kafka_reader.ts";
import type { FetchedBlock, Isolation } from "../driver/driver.ts";
import { AbortedFilter } from "./aborted_filter.ts";
import {
  At,
  Attribute,
  type BatchHeader,
  HEADER_BYTES,
  LENGTH_OVERHEAD,
  longAt,
  readBatchHeader,
  viewOf,
} from "./batch_header.ts";
import { COMPRESSIONS, RecordInflater } from "./compression.ts";
import { CorruptBatch } from "./corrupt_batch.ts";
import { DecodedRecords } from "./decoded_records.ts";

/** Options of a {@linkcode RecordDecoder}. */
export interface RecordDecoderOptions {
  /** Whether records of aborted transactions are left out. */
  readonly isolation: Isolation;
  /** The most bytes that the records of one batch may make when they are decompressed. */
  readonly maxBatchBytes: number;
  /** The most records that are given at once. Default 65,536. */
  readonly maxRecords?: number;
}

/** What is read of a block. */
export type DecodableBlock = Pick<
  FetchedBlock,
  "topic" | "partition" | "bytes" | "from" | "aborted"
>;

const MAX_RECORDS = 65_536;
const MAGIC = 2;
/** Decompressed bytes that are kept at once, unless one batch has more. */
const MOST_KEPT_BYTES = 16_777_216;
const FETCH_AGAIN =
  "fetch it again; if it stays so it is damaged at the broker, and can be passed " +
  "by starting behind it";

/** A batch in its block. */
interface PlacedBatch {
  readonly header: BatchHeader;
  /** Where it begins. */
  readonly at: number;
  readonly end: number;
}

/**
 * Decodes what came of a partition into flat columns, in the kernel: checks checksums, decompresses,
 * and leaves out control records, those of aborted transactions, and those before the offset that
 * was asked for.
 */
export class RecordDecoder implements Disposable {
  readonly #options: RecordDecoderOptions;
  readonly #reader: KafkaReader;
  readonly #inflater = new RecordInflater();

  /** A decoder in the memory of a kernel. */
  constructor(kernel: Kernel, options: RecordDecoderOptions) {
    this.#options = options;
    this.#reader = new KafkaReader(kernel, options.maxRecords ?? MAX_RECORDS);
  }

  /**
   * Decodes a block. What it gives is valid until the next is asked for; there is nothing when no
   * record is left. What stands before a batch that cannot be read is given first.
   *
   * @throws {CorruptBatch} when a checksum does not fit, a batch is damaged, larger than allowed, or
   *   of a format older than Kafka 0.11's.
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  *decode(block: DecodableBlock): Generator<DecodedRecords, void, undefined> {
    const reader = this.#reader;
    const { bytes, aborted } = block;
    const filter = this.#options.isolation === "read_committed"
      ? new AbortedFilter(aborted)
      : undefined;
    reader.keep(0);
    reader.begin();
    reader.put(bytes);
    const view = viewOf(bytes);
    try {
      for (let at = 0; at < bytes.length;) {
        const batch = this.#batchAt(view, at, block);
        at = batch.end;
        if (this.#isPassed(batch, block, filter)) continue;
        const place = this.#open(batch, block);
        // what was read before takes its bytes along when they are forgotten
        yield* this.#read(place, batch, block);
        if (reader.used > bytes.length + MOST_KEPT_BYTES) yield* this.#flush(block);
      }
    } catch (error) {
      yield* this.#flush(block);
      throw error;
    }
    yield* this.#flush(block);
  }

  /** Gives the kernel memory back; what was decoded is no longer valid. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    this.#inflater[Symbol.dispose]();
  }

  /** Gives what was read, and begins anew. */
  *#flush(block: DecodableBlock): Generator<DecodedRecords, void, undefined> {
    const reader = this.#reader;
    if (reader.rows > 0) yield new DecodedRecords(reader, block);
    reader.keep(block.bytes.length);
    reader.begin();
  }

  /** The batch at a place, with its checksum checked. */
  #batchAt(
    view: DataView,
    at: number,
    { topic, partition, bytes, from }: DecodableBlock,
  ): PlacedBatch {
    const left = bytes.length - at;
    const offset = left >= 8 ? longAt(view, at) : from;
    const place = { topic, partition, offset };
    const magic = left > At.magic ? view.getInt8(at + At.magic) : MAGIC;
    if (magic === 0 || magic === 1) {
      throw new CorruptBatch(
        place,
        `they are messages of format ${magic}, as brokers before Kafka 0.11 wrote them`,
        "copy the topic with a broker of Kafka 3 or older, which converts them",
      );
    }
    if (magic !== MAGIC) {
      throw new CorruptBatch(place, `the batch is of format ${magic}, known is 2`, FETCH_AGAIN);
    }
    const length = left >= HEADER_BYTES ? view.getInt32(at + At.length) + LENGTH_OVERHEAD : 0;
    if (length < HEADER_BYTES || length > left) {
      const claim = left >= LENGTH_OVERHEAD
        ? view.getInt32(at + At.length) + LENGTH_OVERHEAD
        : "no";
      const reason = `the batch claims ${claim} bytes, ${left} are there`;
      throw new CorruptBatch(place, reason, FETCH_AGAIN);
    }
    const header = readBatchHeader(view, at);
    const sum = this.#reader.checksum(at + At.attributes, at + length);
    if (sum !== header.crc) {
      const reason = `the CRC-32C of the batch should be ${hex(header.crc)}, received bytes of ` +
        hex(sum);
      throw new CorruptBatch(place, reason, FETCH_AGAIN);
    }
    return { header, at, end: at + length };
  }

  /** Whether none of a batch's records counts. */
  #isPassed(batch: PlacedBatch, block: DecodableBlock, filter: AbortedFilter | undefined): boolean {
    const { header } = batch;
    if (header.attributes & Attribute.control) {
      filter?.end(header, controlKind(viewOf(block.bytes), batch));
      return true;
    }
    if (filter?.isAborted(header)) return true;
    // compaction leaves empty ones, so that a producer's last sequence is known
    return header.records === 0 || header.lastOffset < block.from;
  }

  /** The records of a batch, decompressed. */
  #open({ header, at, end }: PlacedBatch, block: DecodableBlock): KafkaRecordsPlace {
    const { attributes, records, baseOffset, lastOffset } = header;
    const { topic, partition, bytes, from } = block;
    const place = { topic, partition, offset: baseOffset };
    if (records < 0 || lastOffset < place.offset) {
      const reason = `the batch claims ${records} records up to offset ${lastOffset}`;
      throw new CorruptBatch(place, reason, FETCH_AGAIN);
    }
    const codec = COMPRESSIONS[attributes & Attribute.compression];
    const common = { header: at, records, from };
    if (codec === "none") return { ...common, at: at + HEADER_BYTES, end };
    if (codec === undefined) {
      const reason =
        `the batch is compressed in way ${attributes & Attribute.compression}, known ` +
        `are ${COMPRESSIONS.slice(1).join(", ")}`;
      throw new CorruptBatch(place, reason, "update this package");
    }
    const { maxBatchBytes } = this.#options;
    const start = this.#reader.used;
    if (codec === "lz4") {
      const bytes = this.#reader.inflateLz4(at + HEADER_BYTES, end, maxBatchBytes);
      if (bytes >= 0) return { ...common, at: start, end: start + bytes };
    }
    // what the kernel does not take the twin in TypeScript says what is wrong with
    let inflated: Uint8Array;
    try {
      inflated = this.#inflater.inflate(
        codec,
        bytes.subarray(at + HEADER_BYTES, end),
        maxBatchBytes,
      );
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const reason = `the batch cannot be decompressed (${codec}): ${cause.message}`;
      throw new CorruptBatch(place, reason, "raise maxBatchBytes if it is too low, else pass it", {
        cause,
      });
    }
    this.#reader.put(inflated);
    return { ...common, at: start, end: start + inflated.length };
  }

  /** Reads the records of a batch, and gives rows whenever there is no room for more. */
  *#read(
    place: KafkaRecordsPlace,
    { header }: PlacedBatch,
    block: DecodableBlock,
  ): Generator<DecodedRecords, void, undefined> {
    const reader = this.#reader;
    reader.open(place);
    const before = reader.rows;
    let isFirst = true;
    while (true) {
      const stop = reader.read();
      if (stop === KafkaStop.done) return;
      if (stop === KafkaStop.damaged) {
        reader.undo(isFirst ? before : 0);
        throw new CorruptBatch(
          { topic: block.topic, partition: block.partition, offset: header.baseOffset },
          `its checksum fits, but its records are not what the batch claims (${header.records})`,
          "whoever wrote it is at fault; pass it by starting behind it",
        );
      }
      if (stop === KafkaStop.moreHeaders && reader.rows === 0) reader.growHeaders();
      else {
        yield new DecodedRecords(reader, block);
        reader.begin();
        isFirst = false;
      }
    }
  }
}

/** What a control batch says, by the key of its record: version, kind; undefined: nothing. */
function controlKind(view: DataView, { header, at, end }: PlacedBatch): number | undefined {
  if (header.records < 1) return undefined;
  // length, attributes, two differences, the length of the key; of one byte each but the differences
  let key = at + HEADER_BYTES;
  for (const _ of ["length", undefined, "time", "offset", "key"]) key = passVarint(view, key, end);
  return key + 4 <= end ? view.getInt16(key + 2) : undefined;
}

/** Behind a number of 7 bits a byte; the attributes are one too. */
function passVarint(view: DataView, at: number, end: number): number {
  let next = at;
  while (next < end && view.getUint8(next) >= 0x80) next++;
  return next + 1;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
