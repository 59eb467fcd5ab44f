import { showName } from "../../batch/shown_names.ts";
import { BadRecordError } from "../../codecs/bad_record.ts";
import type { RecordPlace, SourceBlock } from "../../stream/source.ts";
import type { TopicPartition } from "../driver/driver.ts";

const OTHER_POLICIES = 'or pass badRecords: "skip" or "deadLetter"';

/** Where each of some records stands in its partition. */
export interface RecordOffsets {
  /** Of the first. */
  readonly first: number;
  /** Of each; absent: one after the other. */
  readonly all?: Float64Array;
}

/** The offset of one of them. */
export function offsetIn({ first, all }: RecordOffsets, record: number): number {
  return all ? all[record] : first + record;
}

/** What is wrong with a value. */
export interface ValueFault {
  /** What was expected, and what was received. */
  readonly reason: string;
  /** What to do about it. */
  readonly fix: string;
  /** The path of the column that it is for. */
  readonly column?: string;
}

/** Values of a partition, framed with what else is wanted of their records. */
export interface KafkaBlock extends SourceBlock {
  placeOf(record: number): RecordPlace;
  readonly at: TopicPartition;
  readonly offsets: RecordOffsets;
  /** Values as they came, where the block has them otherwise and they may be asked for. */
  readonly originals?: readonly Uint8Array[];
}

/** Where a record stands, in words too. */
export function placeAt({ topic, partition }: TopicPartition, offset: number): RecordPlace {
  const text = `topic ${showName(topic)}, partition ${partition}, offset ${offset}`;
  return { position: offset, text };
}

/** A record of a topic whose value cannot be decoded: malformed, too large, or of other types. */
export class KafkaRecordError extends BadRecordError {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The offset. */
  readonly offset: number;

  /** About a record of a source of that name. */
  constructor(
    name: string,
    at: TopicPartition,
    { offset, reason, fix, column }: ValueFault & { readonly offset: number },
  ) {
    const { topic, partition } = at;
    const where = column === undefined ? "" : `, column ${showName(column)}`;
    super(
      `Cannot read ${name}: ${placeAt(at, offset).text}${where}: ${reason}; ${fix}; ` +
        OTHER_POLICIES,
      1,
      column === undefined ? {} : { column },
    );
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }
}
