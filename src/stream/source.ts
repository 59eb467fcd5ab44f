import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import { several } from "../batch/several.ts";
import type { BadRecord, BadRecordError } from "../codecs/bad_record.ts";
import type { BadBlockRecord } from "../codecs/block_decoder.ts";
import type { BlockDecoderSpec } from "../codecs/block_specs.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A record that a pipeline could not use, as it came. */
export interface BadInput {
  /** The row as an object, or the bytes that could not be decoded. */
  readonly record: unknown;
  /** Why it could not be used. */
  readonly error: { readonly name: string; readonly message: string };
  /**
   * Where the record stands, whatever is wrong with it: of CSV and JSON, in lines or an array, that
   * is read as a file or a stream of bytes the line on which it starts, from 1; of a topic its
   * offset; else its number among those that its source partition gave, from 0. 0 of a part of an
   * Avro file that cannot be decoded, whose error names the byte.
   */
  readonly position: number;
  /** The same in words, of a row whose source tells them. */
  readonly place?: string;
}

/** Where a record stands, as its source counts. */
export interface RecordPlace {
  /** Its number in its partition. */
  readonly position: number;
  /** Its line, from 1, where it is one of a text: that is told of one that cannot be used. */
  readonly line?: number;
  /** In words, for messages. */
  readonly text: string;
}

/** Where a record that cannot be used is said to stand: by its line, if its source tells it. */
export function standingOf(
  told: RecordPlace | undefined,
  counted: number,
): Pick<BadInput, "position" | "place"> {
  if (!told) return { position: counted };
  return { position: told.line ?? told.position, place: told.text };
}

/** What becomes of records that cannot be used. */
export type BadInputPolicy = "fail" | "skip" | "deadLetter";

/** Tells a source of several partitions which of them are too far ahead to be read now. */
export interface SourceAlignment {
  /** Whether a partition should not be read until others have caught up. */
  isAhead(partition: number): boolean;
  /** Resolves when that may have changed. */
  changed(): Promise<void>;
}

/** What a source is opened with. */
export interface SourceOptions {
  /** The world: the only way to files and clocks. */
  readonly runtime: Runtime;
  /** Aborted when nothing more is wanted: what is open must be closed then. */
  readonly signal: AbortSignal;
  /** What the pipeline does with records that cannot be used; a source may have its own option. */
  readonly badRecords: BadInputPolicy;
  /** Takes a record that could not be used, under `"deadLetter"`. */
  readonly deadLetter: (bad: BadInput) => void;
  /** The columns that are asked for; a source may leave out others. Absent: all there are. */
  readonly columns?: ReadonlySet<string>;
  /** Whether `columns` are too few, for records go to dead letters or late rows as a whole. */
  readonly wholeRecords?: boolean;
  /** Which partitions are to wait for others, where the pipeline aligns them. */
  readonly alignment?: SourceAlignment;
  /** Tells which rows are done with. Absent: nobody keeps account. */
  readonly settlement?: Settlement;
  /**
   * The most bytes of a block: the pipeline has its bees decode them, and a source that can gives
   * blocks in the place of batches, behind what they are made of. Absent: it gives batches.
   */
  readonly blockBytes?: number;
  /**
   * Where a source may put the bytes of blocks, so that they need not be copied on their way to a
   * bee; there is room once it has given a format that says how much. Absent: nowhere.
   */
  readonly blockMemory?: BlockMemory;
}

/** Memory from which bees decode blocks where they lie. */
export interface BlockMemory {
  /** Room for a block of a format's `blockBytes`; `undefined`: there is none now. */
  take(): Uint8Array | undefined;
  /** Gives room back of which no block was made; other bytes are passed over. */
  release(bytes: Uint8Array): void;
}

/** Tells a source what has become of its rows. */
export interface Settlement {
  /**
   * Whether rows wait for others once they have been read, in windows say. A source that gets other
   * partitions then begins anew ({@linkcode SourceBatch.restart}); else it just gives no more of
   * those that it has lost ({@linkcode SourceBatch.ended}), and new ones beside those that it has.
   */
  readonly keepsRows: boolean;
  /**
   * Which windows rows are kept in, in a text that differs where windows do, if it is told with what
   * is settled up to where these are delivered. Kept for whoever goes on, and given back to windows
   * of the same text ({@linkcode SourceBatch.delivered}), it has none of them delivered again with
   * but some of its rows.
   */
  readonly windows?: string | undefined;
  /**
   * Calls when more is settled: of each partition that has gone on, the `position` before which all
   * rows have had their effect and every result that they are part of was acknowledged by where it
   * went (published and flushed, or asked for the next one, for who iterates). Rows that an open
   * window still needs are not settled. What the listener returns is waited for at the end of the
   * run, when all that is settled has been told, and fails the run when it rejects. `delivered`
   * counts for all partitions, also those of which nothing is told: whoever keeps it notes it with
   * the positions of all of them at once, or of none.
   *
   * @param listener `delivered`: every window that ends by then, ms, has been acknowledged with all
   *   its rows, and every row before the positions is in such windows alone; where it is known.
   */
  onSettled(
    listener: (
      positions: ReadonlyMap<number, number>,
      delivered?: number,
    ) => void | Promise<void>,
  ): void;
  /**
   * Calls at the end of a run that has given all its results, when all that is settled has been told
   * and what listeners made of it is over. What is returned is waited for, and fails the run when it
   * rejects: so that a run that succeeds has kept all that it was told.
   */
  onFinished(listener: () => void | Promise<void>): void;
  /**
   * Calls when a source that is read beside this one begins anew, so that this one has to: it gives a
   * {@linkcode SourceBatch.restart} as soon as it can, and behind that what is not settled. Absent: it
   * is read alone. Where a source has no listener, the run fails instead.
   */
  onRestart?(listener: () => void): void;
}

/** What is left to be read of a partition. */
export interface PartitionMetrics {
  /** Its name: `readings/3`, say. */
  readonly name: string;
  /** Where the pipeline goes on, as the source counts. */
  readonly position: number;
  /** The end, as far as it is known. */
  readonly end: number;
  /** What lies between. */
  readonly lag: number;
}

/** What a source tells that is read from a broker. */
export interface SourceMetrics {
  /** Records that wait at the broker, or were fetched and not taken by the pipeline, in all. */
  readonly lag: number;
  /** The same for each partition that is read. */
  readonly partitions: readonly PartitionMetrics[];
  /** Bytes that were fetched and not taken by the pipeline. */
  readonly waitingBytes: number;
  /** How often connections were given up because nothing came, and made anew. */
  readonly reconnects: number;
  /** How often a partition was gone on with elsewhere, because what was to be read was not there. */
  readonly resets: number;
  /** Records without a value that were left out. */
  readonly tombstones: number;
}

/** How far a source has come. */
export interface SourceProgress {
  /** What else there is to tell, where the source is a broker's. */
  readonly metrics?: SourceMetrics;
  /** Bytes that were read, as they lie in the file: compressed ones before they are inflated. */
  readonly bytes: number;
  /** Bytes that there are, where that is known. */
  readonly totalBytes?: number;
}

/** Whole records as bytes, which a bee decodes. */
export interface SourceBlock {
  /** The records; nobody changes them any more. */
  readonly bytes: Uint8Array;
  /** Where they begin in the input, without what was compressed. */
  readonly offset: number;
  /** Physical lines between the block before and this one: a header, say. */
  readonly linesBefore: number;
  /** Its physical lines, where not all of its bytes are here. */
  readonly lines?: number;
  /**
   * Where a record of it stands, of all from 0, those included that cannot be decoded. Default: rows
   * of the partition are counted.
   */
  placeOf?(record: number): RecordPlace;
}

/** What the blocks of a source are made of. */
export interface BlockFormat {
  /** All columns of the records. */
  readonly schema: Schema;
  /** What makes columns of blocks, those that are asked for at least, in their order. */
  readonly decoder: BlockDecoderSpec;
  /** What the source does with records that cannot be decoded. */
  readonly badRecords: BadInputPolicy;
  /**
   * Deals with such a record, in the order of the source.
   *
   * @throws {BadRecordError} under the policy `"fail"`.
   */
  report(bad: BadRecord): void;
  /** The error about a record that a bee could not decode. Default: one that names its line. */
  explain?(bad: BadBlockRecord, block: SourceBlock): BadRecordError;
  /**
   * On which physical line of a block each record starts, from 0, those included that cannot be
   * decoded. Absent: where a row stands is told by `placeOf` of its block, or by its number.
   */
  linesIn?(block: Uint8Array): readonly number[];
  /** What is read, for error messages. */
  readonly name: string;
  /** Bytes of a block, where it takes room for blocks from the `blockMemory` that it was given. */
  readonly blockBytes?: number;
}

/** Some rows of a source. */
export interface SourceBatch<Row = Record<string, unknown>> {
  /**
   * All columns that there are, where batches have but those that are asked for: told before the
   * first, so that the error about one that there is not can name them.
   */
  readonly schema?: Schema;
  /**
   * The names of all columns, of a source that has ended without any row that would say their types:
   * those that are asked for have to be among them all the same.
   */
  readonly names?: readonly string[];
  /** Where a row of the batch stands. Default: rows of the partition are counted. */
  readonly placeOf?: (row: number) => RecordPlace;
  /** The rows; all batches of a source have the same columns. Absent when only counts are told. */
  readonly batch?: RecordBatch<Row>;
  /**
   * How many partitions there are from here on, of a source that says so when it is open: those that
   * there were, and new ones. A new one holds the watermark back from where it is.
   */
  readonly partitions?: number;
  /**
   * Whether the source begins anew: a group has given some of what it reads to another member, say,
   * which reads that from where it was settled; or has given it more to read, whose rows the
   * watermark may have passed. Comes without rows, and only where rows are kept. Whatever is not settled then is dropped, open windows with it, and is for the
   * source to give again behind this, as far as it is still its own. Before it is asked for more,
   * results that were handed out are flushed and all that is settled by them has been told; nothing
   * is told of what came before after that. Partitions are counted anew: there are `partitions` (by
   * default as many as in the beginning), which know no watermark.
   */
  readonly restart?: boolean;
  /** Which of the source's partitions the rows come from. Default 0. */
  readonly partition?: number;
  /**
   * Windows that end by then, ms, were delivered by whoever read the partition before: it begins with
   * this watermark, so that what comes of them again is late. Comes alone, before rows of it.
   */
  readonly delivered?: number;
  /**
   * Whether nothing more will come of the partition: from then on it does not hold the watermark
   * back. Default false; at the end of the source all partitions have ended.
   */
  readonly ended?: boolean;
  /** Up to which all rows of all partitions have come, ms; only the results of windows tell. */
  readonly watermark?: number;
  /** Records that were left out since the last batch, uncounted otherwise. Default 0. */
  readonly skipped?: number;
  /** Records that went to the dead letters since the last batch. Default 0. */
  readonly deadLettered?: number;
  /** How far the source has come with it. */
  readonly progress?: SourceProgress;
  /**
   * Where a reader of its partition would go on behind these rows, as the source counts: an offset,
   * say. It never goes back within a partition. Absent: nobody can begin there, and the rows are
   * settled with what comes behind them.
   */
  readonly position?: number;
  /** What all blocks are made of; comes before the first of them. */
  readonly format?: BlockFormat;
  /** Rows that were not decoded, in the place of a batch. */
  readonly block?: SourceBlock;
}

/** Where batches come from. */
export interface Source<Row = Record<string, unknown>> {
  /** What it is, for messages: a path, say. */
  readonly name: string;
  /** The columns, where they are known before the first batch. */
  readonly schema?: TypedSchema<Row>;
  /** Partitions, each with an order and a watermark of its own. Default 1, at most 65,536. */
  readonly partitions?: number;
  /** Whether batches tell that there are more of them: `partitions` are those to begin with. */
  readonly tellsPartitions?: boolean;
  /**
   * Whether it heeds the alignment that it is opened with: it gives no more of a partition that is
   * ahead, as long as it is. Default false.
   */
  readonly aligns?: boolean;
  /**
   * The most bytes of a record, of a source that can give {@linkcode SourceBlock}s. Absent: it
   * cannot.
   */
  readonly recordBytes?: number;
  /**
   * Whether it keeps for whoever goes on what it is told is settled: `"rows"`, or `"windows"` where it
   * keeps and gives back up to where these are delivered, too. Absent: it does not ask.
   */
  readonly settles?: "rows" | "windows";
  /** Begins to read from the start; the order within each partition is always the same. */
  open(options: SourceOptions): AsyncIterable<SourceBatch<Row>>;
}

/** Whether a source has several partitions, or may come to have them. */
export function hasPartitions({ partitions = 1, tellsPartitions = false }: Source): boolean {
  return partitions > 1 || tellsPartitions;
}

/** What a message says of the partitions of such a source. */
export function partitionsText({ partitions = 1, tellsPartitions = false }: Source): string {
  return tellsPartitions ? "partitions" : several(partitions, "partition");
}

/** Whether a value is a source. */
export function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null && "open" in value &&
    typeof value.open === "function";
}
