import { RecordBatch } from "../batch/record_batch.ts";
import { badRecordError } from "../codecs/bad_record_error.ts";
import type { BadRecordError } from "../codecs/bad_record.ts";
import type { BadBlockRecord } from "../codecs/block_decoder.ts";
import { lineText, recordOfRow } from "../codecs/record_lines.ts";
import { createBlockDecoder } from "../codecs/create_block_decoder.ts";
import { type BlockArena, type BlockPlace, PLACE_BYTES, writePlace } from "../hive/block_arena.ts";
import { leftOutBytes, writeLeftOut } from "../hive/block_inbox.ts";
import { BlockIntake, type IntakeSpec, placeIn, type TakenBlock } from "../hive/block_intake.ts";
import {
  type BlockShare,
  MessageFlag,
  MessageKind,
  type Outcome,
} from "../hive/pipeline_frames.ts";
import { type BlockMarker, partitionedBytes, writePartitioned } from "../hive/partition_marks.ts";
import { copyToShared } from "../hive/shared_copy.ts";
import { create, type KernelOptions } from "../kernel/kernel.ts";
import { type BadInputs, recordAt } from "./bad_inputs.ts";
import type { BlockInOrder, BlocksBefore } from "./block_history.ts";
import {
  type BadInput,
  type BadInputPolicy,
  type BlockFormat,
  type RecordPlace,
  type SourceBlock,
  standingOf,
} from "./source.ts";
import { badInput, countedAs, type OpenBad, type WorkContent } from "./work_content.ts";

/** Decodes on the main thread what is asked of single records: the rest is the work of bees. */
export class BlockReading implements Disposable {
  /** What the blocks are made of. */
  readonly format: BlockFormat;
  readonly #spec: IntakeSpec;
  readonly #kernel: KernelOptions;
  #intake: BlockIntake | undefined;
  #last: { readonly bytes: Uint8Array; readonly taken: TakenBlock } | undefined;
  #lines: { readonly bytes: Uint8Array; readonly starts: readonly number[] } | undefined;

  /** Makes its decoder when it is first needed. */
  constructor(
    format: BlockFormat,
    { spec, kernel }: { readonly spec: IntakeSpec; readonly kernel: KernelOptions },
  ) {
    this.format = format;
    this.#spec = spec;
    this.#kernel = kernel;
  }

  /** What a bee makes of a block; valid until another one is read. */
  read(bytes: Uint8Array): TakenBlock {
    if (this.#last?.bytes === bytes) return this.#last.taken;
    this.#intake ??= this.#made();
    const taken = this.#intake.take(bytes);
    this.#last = { bytes, taken };
    return taken;
  }

  /** On which of its lines each record of a block starts, from 0, where the format tells. */
  linesOf(bytes: Uint8Array): readonly number[] | undefined {
    const { format } = this;
    if (!format.linesIn) return undefined;
    if (this.#lines?.bytes !== bytes) this.#lines = { bytes, starts: format.linesIn(bytes) };
    return this.#lines.starts;
  }

  #made(): BlockIntake {
    const kernel = create(this.#kernel);
    const decoder = createBlockDecoder(this.#spec.decoder, kernel);
    return new BlockIntake(this.#spec, { kernel, decoder });
  }

  /** The rows of a block that are at some places, ascending. */
  rowsOf(bytes: Uint8Array, places: readonly number[]): RecordBatch {
    const { parts } = this.read(bytes);
    const wanted = new Set(places);
    const batches = parts.map((part) => {
      const rows = Array.from({ length: part.batch.length }, (_, row) => row);
      return part.batch.take(rows.filter((row) => wanted.has(placeIn(part, row))));
    });
    return RecordBatch.concat(batches);
  }

  /** The row at a place as an object: as it was decoded, where it has no time that can be read. */
  recordAt(bytes: Uint8Array, place: number): Record<string, unknown> {
    const { parts, given } = this.read(bytes);
    for (const part of [...parts, ...given]) {
      const { places, from, batch: { length } } = part;
      const row = places ? places.indexOf(place) : place - from;
      if (row >= 0 && row < length) return recordAt(part.batch, row);
    }
    throw new Error(`A block was said to have a row ${place}, which it has not`);
  }

  [Symbol.dispose](): void {
    this.#intake?.[Symbol.dispose]();
    this.#intake = this.#last = this.#lines = undefined;
  }
}

/** Where a block comes from. */
export interface BlockOrigin {
  /** Which source partition it is of. */
  readonly partition: number;
  /** What it says of that in the place of rows. */
  readonly marker?: BlockMarker;
  /** Where its bytes may lie. */
  readonly arena?: BlockArena;
}

/** What is found in a block that only says of a partition that it has ended. */
const ENDED: BlockShare = { records: 0, rows: 0, undecoded: 0, lines: 0, greatest: Infinity };

/** Bytes of which a bee makes rows. */
export class BlockContent implements WorkContent, BlockInOrder {
  readonly kind = MessageKind.block;
  readonly linesBefore: number;
  readonly partition: number;
  readonly marker: BlockMarker | undefined;
  before: BlocksBefore | undefined;
  timesBefore: Float64Array | undefined;
  /** What stands before the block when it is sent: see {@linkcode BlockContent.sentWith}. */
  #times: Float64Array | undefined;
  readonly #block: SourceBlock;
  readonly #reading: BlockReading;
  readonly #arena: BlockArena | undefined;
  #share: BlockShare | undefined;
  #leftOut: readonly number[] = [];
  #isGivenUp = false;
  #isRetired = false;
  #isReleased = false;

  /** A block of a partition. */
  constructor(block: SourceBlock, reading: BlockReading, origin: BlockOrigin = { partition: 0 }) {
    this.#block = block;
    this.#reading = reading;
    this.partition = origin.partition;
    this.marker = origin.marker;
    this.#arena = origin.arena;
    this.linesBefore = block.linesBefore;
  }

  /** What was found in it, once a bee has told. */
  get known(): BlockShare | undefined {
    const { lines } = this.#block;
    return this.#share && lines !== undefined ? { ...this.#share, lines } : this.#share;
  }

  /** Where its bytes begin in the input. */
  get offset(): number {
    return this.#block.offset;
  }

  /** The greatest event time in it, of one that was given up. */
  get greatest(): number {
    return this.#share?.greatest ?? -Infinity;
  }

  /** It is sent with these times of all partitions, or goes without where there is but one. */
  sentWith(times: Float64Array | undefined): void {
    this.#times = times;
  }

  get flags(): number {
    const partitioned = this.#times ? MessageFlag.partitioned : 0;
    if (this.#isGivenUp) return partitioned | MessageFlag.givenUp;
    if (this.marker) return partitioned | MessageFlag[this.marker];
    return partitioned | (this.#leftOut.length > 0 ? MessageFlag.leftOut : 0) |
      (this.#place ? MessageFlag.placed : 0);
  }

  get #place(): BlockPlace | undefined {
    return this.#arena?.placeOf(this.#block.bytes);
  }

  get bytes(): number {
    const before = this.#times ? partitionedBytes(this.#times) : 0;
    if (this.#isGivenUp || this.marker) return before;
    return before + leftOutBytes(this.#leftOut) +
      (this.#place ? PLACE_BYTES : this.#block.bytes.length);
  }

  get keptBytes(): number {
    return this.#block.bytes.length;
  }

  /** Those that are not dealt with otherwise. */
  get records(): number {
    if (this.#isGivenUp || !this.#share) return 0;
    return this.#share.records - this.#leftOut.length;
  }

  write(target: Uint8Array): void {
    const { partition } = this;
    const times = this.#times;
    if (times) writePartitioned(target, { partition, times });
    if (this.#isGivenUp || this.marker) return;
    const body = times ? target.subarray(partitionedBytes(times)) : target;
    if (this.#leftOut.length > 0) writeLeftOut(body, this.#leftOut);
    const rest = body.subarray(leftOutBytes(this.#leftOut));
    const place = this.#place;
    if (place) writePlace(rest, place);
    else copyToShared(rest, this.#block.bytes);
  }

  /** A bee may be at it whose work is void: until it is reinstated nothing else takes its place. */
  retire(): void {
    this.#isRetired = true;
  }

  /** No bee is at it of which anything will be heard. */
  reinstate(): void {
    this.#isRetired = false;
    if (this.#isReleased) this.release();
  }

  release(): void {
    this.#isReleased = true;
    if (!this.#isRetired) this.#arena?.release(this.#block.bytes);
  }

  /** Learns what was found in it; gives the records that nobody knew of. */
  tell(share: BlockShare): number {
    if (this.#share) return 0;
    this.#share = share;
    return share.records;
  }

  /** The same by decoding it here, where no bee has told. */
  look(): number {
    if (this.#share) return 0;
    // who begins, begins at a watermark that only bees know
    if (this.marker === "begins") return 0;
    return this.tell(this.marker ? ENDED : this.#read().share);
  }

  #read(): TakenBlock {
    return this.#reading.read(this.#block.bytes);
  }

  take(places: readonly number[]): RecordBatch {
    return this.#reading.rowsOf(this.#block.bytes, places);
  }

  recordAt(place: number): Record<string, unknown> {
    return this.#reading.recordAt(this.#block.bytes, place);
  }

  positionOf(place: number): number {
    return this.#placeOf(place)?.position ?? (this.before?.rows ?? 0) + place;
  }

  standingOf(place: number): Pick<BadInput, "position" | "place"> {
    const told = this.#placeOf(place);
    const within = told ? undefined : this.#reading.linesOf(this.#block.bytes);
    if (!within) return standingOf(told, (this.before?.rows ?? 0) + place);
    const line = (this.before?.lines ?? 0) + within[this.#recordOf(place)] + 1;
    return { position: line, place: lineText(this.#reading.format.name, line) };
  }

  #placeOf(place: number): RecordPlace | undefined {
    return this.#block.placeOf?.(this.#recordOf(place));
  }

  /** The record that the row at a place was made of: those that could not be decoded are no rows. */
  #recordOf(place: number): number {
    return this.#share?.undecoded === 0 ? place : recordOfRow(place, this.#read().undecoded);
  }

  without(place: number): this {
    this.#leftOut = [...this.#leftOut, place].sort((a, b) => a - b);
    return this;
  }

  emptied(): this {
    this.#isGivenUp = !this.marker;
    return this;
  }

  get fails(): boolean {
    return this.#reading.format.badRecords === "fail";
  }

  firstBad(outcome: Outcome): BadInput | Error | undefined {
    const [first] = this.#inOrder(outcome, this.fails);
    return first === undefined || "error" in first ? first : this.#errorOf(first);
  }

  reportBad(outcome: Outcome, bad: BadInputs): void {
    const { format } = this.#reading;
    const isSkipping = format.badRecords === "skip";
    if (isSkipping) bad.told(outcome.block?.undecoded ?? 0, 0);
    // The block need not be decoded here as well.
    if (isSkipping && bad.skips) return bad.told(outcome.bad.length, 0);
    for (const each of this.#inOrder(outcome, !isSkipping)) {
      if ("error" in each) bad.report(each);
      else this.#reportUndecoded(each, bad);
    }
  }

  #reportUndecoded(each: BadBlockRecord, bad: BadInputs): void {
    const { format } = this.#reading;
    const error = this.#errorOf(each);
    const bytes = this.#block.bytes.slice(each.start, this.#keptEnd(each));
    format.report({ bytes, error, line: error.line });
    bad.told(0, 1);
  }

  /** Of a record that is too large its beginning is kept. */
  #keptEnd({ start, end }: BadBlockRecord): number {
    return Math.min(end, start + this.#reading.format.decoder.maxRecordBytes);
  }

  openBad({ bad, block }: Outcome, policy: BadInputPolicy): OpenBad {
    const rows = countedAs(policy, bad.length);
    const records = countedAs(this.#reading.format.badRecords, block?.undecoded ?? 0);
    return {
      skipped: rows.skipped + records.skipped,
      deadLettered: rows.deadLettered + records.deadLettered,
    };
  }

  /**
   * Rows that cannot be used and, `withRecords`, records that could not be decoded, in the order of
   * the source.
   */
  *#inOrder(
    { bad, block }: Outcome,
    withRecords: boolean,
  ): Generator<BadInput | BadBlockRecord> {
    const { undecoded } = withRecords && block?.undecoded ? this.#read() : { undecoded: [] };
    let next = 0;
    for (const row of bad.toSorted((a, b) => a.row - b.row)) {
      // So many records before this row are no rows.
      while (next < undecoded.length && undecoded[next].record <= row.row + next) {
        yield undecoded[next++];
      }
      yield badInput(this, row);
    }
    yield* undecoded.slice(next);
  }

  #errorOf(record: BadBlockRecord): BadRecordError {
    const { format } = this.#reading;
    if (format.explain) return format.explain(record, this.#block);
    return badRecordError(format.name, (this.before?.lines ?? 0) + record.line + 1, record);
  }
}
