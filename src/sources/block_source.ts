import type { RecordBatch } from "../batch/record_batch.ts";
import type { TypedSchema } from "../batch/schema.ts";
import { badRecordError } from "../codecs/bad_record_error.ts";
import { type BadRecord, BadRecords } from "../codecs/bad_record.ts";
import type { DecoderOptions } from "../codecs/batch_decoder.ts";
import { BlockCutting, type CutBlock } from "../codecs/block_cutting.ts";
import type { BlockDecoder } from "../codecs/block_decoder.ts";
import type { BlockDecoderSpec } from "../codecs/block_specs.ts";
import { type BlockableFormat, BlockScout, type ScoutedBlock } from "../codecs/block_scout.ts";
import { lineText, recordOfRow } from "../codecs/record_lines.ts";
import { createBlockDecoder } from "../codecs/create_block_decoder.ts";
import { type CompressionOptions, inflate } from "../codecs/inflate/inflate.ts";
import { MAX_BATCH_BYTES, MAX_RECORD_BYTES } from "../codecs/limits.ts";
import { ownBatch } from "../hive/own_batch.ts";
import { create } from "../kernel/kernel.ts";
import { type BlockSizes, blockSizesFor } from "../stream/block_plan.ts";
import type {
  BlockFormat,
  RecordPlace,
  Source,
  SourceBatch,
  SourceBlock,
  SourceOptions,
} from "../stream/source.ts";
import { ByteInput, type ByteSource, isLive, nameOf } from "./byte_input.ts";
import { cutBlocks } from "./cut_blocks.ts";
import { inflateOptions } from "./decoder_options.ts";
import { sourcePolicy } from "./source_policy.ts";

/** Bytes of a file that are read at a time, whatever its blocks are. */
const LEAST_READ_BYTES = 16_384;
const MOST_READ_BYTES = 4_194_304;
/** Rows that are decoded at a time, unless it is said otherwise; those of most blocks are one batch. */
const BATCH_ROWS = 16_384;
const BLOCK_ROWS = 65_536;

/** The options that all sources of bytes have. */
export interface ByteSourceOptions extends CompressionOptions {
  /**
   * Bytes that are decoded at a time, at most, in whole records; a record of `maxRecordBytes` fits in
   * any case. Default 4 MiB.
   */
  blockBytes?: number;
}

/** What a {@linkcode BlockSource} is made of. */
export interface BlockSourceOptions<Row> {
  readonly options: DecoderOptions<Row> & ByteSourceOptions;
  /**
   * How its format is read in blocks, so many rows at a time unless it is said otherwise; made anew
   * for each input.
   */
  readonly way: (name: string, rows: number) => BlockableFormat;
}

/** A source of the records in a file or stream of bytes, given in blocks or decoded as they come. */
export class BlockSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly recordBytes: number;
  readonly #bytes: ByteSource;
  readonly #options: DecoderOptions<Row> & ByteSourceOptions;
  readonly #way: (name: string, rows: number) => BlockableFormat;

  constructor(bytes: ByteSource, { options, way }: BlockSourceOptions<Row>) {
    this.#bytes = bytes;
    this.#options = options;
    this.#way = way;
    this.name = options.name ?? nameOf(bytes);
    this.recordBytes = options.maxRecordBytes ?? MAX_RECORD_BYTES;
    if (options.schema) this.schema = options.schema;
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const { signal, runtime, blockMemory: memory } = options;
    const way = this.#way(this.name, options.blockBytes === undefined ? BATCH_ROWS : BLOCK_ROWS);
    const input = new ByteInput(this.#bytes, this.name);
    const { blockBytes, mostBytes } = this.#blockSizes(options);
    const release = memory?.release.bind(memory);
    const cutting = new BlockCutting({
      ...way,
      blockBytes,
      mostBytes,
      ...(release && { release }),
    });
    // What is not read as it is becomes blocks elsewhere.
    const roomOf = () => (cutting.cutsInPlace ? memory?.take() : undefined);
    const readBytes = Math.min(Math.max(blockBytes, LEAST_READ_BYTES), MOST_READ_BYTES);
    const take = () => roomOf() ?? new Uint8Array(readBytes);
    const memoryOfChunks = { take, ...(release && { release }) };
    const chunks = input.chunks(runtime, { memory: memoryOfChunks, signal });
    const inflated = inflate(chunks, inflateOptions(this.name, this.#options));
    const scout = new BlockScout(way, this.#options as DecoderOptions);
    const room = () => cutting.cutsInPlace && memory ? { blockBytes } : {};
    using giver = this.#giver(options, scout, room);
    const cut = cutBlocks(inflated, { cutting, runtime, isLive: isLive(this.#bytes) });
    for await (const block of cut) {
      if (signal.aborted) return; // what has come may end in the middle of a record
      yield* withProgress(giver.add(block), input);
    }
    if (signal.aborted) return;
    yield* withProgress(giver.end(), input);
    yield { progress: input.progress };
  }

  /** As many as are asked for, of the source and of this run. */
  #blockSizes({ blockBytes: most = Infinity }: SourceOptions): BlockSizes {
    const sizes = blockSizesFor(this.recordBytes, this.#options.blockBytes);
    return {
      blockBytes: Math.min(most, sizes.blockBytes),
      mostBytes: Math.min(most, sizes.mostBytes),
    };
  }

  #giver(
    options: SourceOptions,
    scout: BlockScout,
    room: BlockGiverOptions["room"],
  ): BlockGiver<Row> {
    const { badRecords = options.badRecords } = this.#options;
    const bad = new BadRecords(sourcePolicy(this.#options, options));
    const { wholeRecords, columns, blockBytes } = options;
    const wanted = wholeRecords ? undefined : columns;
    const about = { name: this.name, wanted, bad, badRecords, room };
    return new BlockGiver<Row>(scout, { ...about, decodes: blockBytes === undefined });
  }
}

function* withProgress<Row>(
  reads: Iterable<SourceBatch<Row>>,
  { progress }: ByteInput,
): Generator<SourceBatch<Row>> {
  for (const read of reads) yield { ...read, progress };
}

/** A block, and where in it records begin. */
type HeldBlock = CutBlock & ScoutedBlock;

interface BlockGiverOptions {
  readonly name: string;
  /** The columns that are asked for; absent: all. */
  readonly wanted: ReadonlySet<string> | undefined;
  readonly bad: BadRecords;
  readonly badRecords: BlockFormat["badRecords"];
  /** Whether it gives batches, and no blocks. */
  readonly decodes: boolean;
  /** How large the room is that blocks take, if they do. */
  readonly room: () => Pick<BlockFormat, "blockBytes">;
}

/** Gives the blocks of an input, once their columns are known. */
class BlockGiver<Row> implements Disposable {
  readonly #scout: BlockScout;
  readonly #options: BlockGiverOptions;
  #held: HeldBlock[] = [];
  #heldBytes = 0;
  /** Lines that were passed and stand in no block. */
  #skippedLines = 0;
  /** Lines before the next block, where blocks are decoded here. */
  #lines = 0;
  /** Rows of blocks that were decoded here. */
  #rows = 0;
  #told = 0;
  #spec: BlockDecoderSpec | undefined;
  #decoder: BlockDecoder | undefined;

  constructor(scout: BlockScout, options: BlockGiverOptions) {
    this.#scout = scout;
    this.#options = options;
  }

  /** Takes the next block; gives what may leave. */
  *add(block: CutBlock): Generator<SourceBatch<Row>> {
    if (this.#spec) return yield* this.#give({ ...block, from: 0, lines: 0 });
    const found = this.#scout.look(block.bytes);
    this.#held.push({ ...block, ...found });
    this.#heldBytes += block.bytes.length;
    if (this.#scout.isReady || this.#heldBytes >= MAX_BATCH_BYTES) yield* this.#begin();
  }

  /** No more blocks come. */
  *end(): Generator<SourceBatch<Row>> {
    if (!this.#spec && this.#held.length > 0) yield* this.#begin();
  }

  *#begin(): Generator<SourceBatch<Row>> {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const found = this.#scout.found();
    if (!found) return yield* this.#reject(held);
    const decoder = this.#spec = found.specOf(this.#options.wanted);
    const { name, bad, badRecords, room } = this.#options;
    const report = ({ error, bytes }: BadRecord) => bad.report(error, () => bytes);
    const linesIn = (block: Uint8Array) => this.#scout.linesIn(block);
    const about = { name, badRecords, report, linesIn, ...room() };
    yield { format: { schema: found.schema, decoder, ...about } };
    for (const block of held) yield* this.#give(block);
  }

  /** Tells why none of the records can be used: not even columns could be inferred. */
  *#reject(held: readonly HeldBlock[]): Generator<SourceBatch<Row>> {
    const { rejecting, names } = this.#scout;
    using decoder = createBlockDecoder(rejecting, create());
    for (const block of held) yield* this.#decode(block, decoder, rejecting);
    if (names) yield { names };
  }

  *#give(block: HeldBlock): Generator<SourceBatch<Row>> {
    const spec = this.#spec!;
    if (this.#options.decodes) {
      this.#decoder ??= createBlockDecoder(spec, create());
      return yield* this.#decode(block, this.#decoder, spec);
    }
    const linesBefore = this.#skippedLines + block.lines;
    if (block.from === block.bytes.length) {
      this.#skippedLines = linesBefore;
      return;
    }
    this.#skippedLines = 0;
    yield { block: sourceBlock(block, linesBefore) };
  }

  /** Decodes a block here. */
  *#decode(
    block: HeldBlock,
    decoder: BlockDecoder,
    { maxRecordBytes }: BlockDecoderSpec,
  ): Generator<SourceBatch<Row>> {
    const { bad, name } = this.#options;
    const bytes = block.bytes.subarray(block.from);
    this.#lines += block.lines;
    const before = this.#lines;
    const placing = { name, starts: lazy(() => this.#scout.linesIn(bytes)), before };
    let lines = 0;
    let records = 0;
    for (let at = 0; at < bytes.length;) {
      const decoded = decoder.decode(bytes, at);
      for (const each of decoded.bad) {
        const line = before + lines + each.line + 1;
        bad.report(
          () => badRecordError(name, line, each),
          () => bytes.slice(each.start, Math.min(each.end, each.start + maxRecordBytes)),
        );
      }
      lines += decoded.lines;
      at = decoded.end;
      yield* this.#counted();
      const { bad: undecoded } = decoded;
      const placeOf = rowPlaces(placing, { rows: this.#rows, records, undecoded });
      this.#rows += decoded.batch.length;
      records += decoded.records;
      const batch = decoded.batch.length > 0 && ownBatch(decoded.batch) as RecordBatch<Row>;
      if (batch) yield { batch, placeOf };
    }
    this.#lines += block.linesOfAll ?? lines;
  }

  /** Records that were left out since the last time. */
  *#counted(): Generator<SourceBatch<Row>> {
    const { bad, badRecords } = this.#options;
    const count = bad.count - this.#told;
    this.#told = bad.count;
    if (count > 0) yield badRecords === "skip" ? { skipped: count } : { deadLettered: count };
  }

  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
  }
}

/** What is only made when somebody asks for it. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Tells where rows of a block stand by their lines, which are looked for where one is asked for. */
function rowPlaces(
  { name, starts, before }: {
    readonly name: string;
    readonly starts: () => readonly number[];
    readonly before: number;
  },
  { rows, records, undecoded }: {
    readonly rows: number;
    readonly records: number;
    readonly undecoded: readonly { readonly record: number }[];
  },
): (row: number) => RecordPlace {
  const lineOf = (row: number) => before + starts()[records + recordOfRow(row, undecoded)] + 1;
  return (row) => ({
    position: rows + row,
    get line() {
      return lineOf(row);
    },
    get text() {
      return lineText(name, lineOf(row));
    },
  });
}

function sourceBlock(
  { bytes, offset, from, linesOfAll }: HeldBlock,
  linesBefore: number,
): SourceBlock {
  return {
    bytes: bytes.subarray(from),
    offset: offset + from,
    linesBefore,
    ...(linesOfAll !== undefined && { lines: linesOfAll }),
  };
}
