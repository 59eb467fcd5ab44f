import type { Column } from "../../batch/column.ts";
import type { KafkaGathered, KafkaReader } from "../../kernel/kafka_reader.ts";
import { repairTexts } from "./repair_texts.ts";

/** Cells of bytes that lie somewhere among others. */
export interface Cells {
  /** What they are parts of. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each starts. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** How many bytes it has; −1: it is null. */
  readonly lengths: Int32Array<ArrayBuffer>;
}

/** Headers of records. */
export interface DecodedHeaders {
  /** Of each record its first header, and the number of all. */
  readonly firsts: Int32Array<ArrayBuffer>;
  /** Their names. */
  readonly names: Cells;
  /** Their values. */
  readonly values: Cells;
}

/** Values as lines. */
export interface ValueLines {
  /** All lines, each ended by a line feed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the line of each record starts, and the last one ends. */
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** Where records are. */
export interface RecordsPlace {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
}

/**
 * Records of one partition as flat columns. All of them are views of kernel memory: they are valid
 * until more records are decoded, or a column is asked for.
 */
export class DecodedRecords {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** How many there are. */
  readonly count: number;
  readonly #reader: KafkaReader;

  /** The rows that a reader has read. */
  constructor(reader: KafkaReader, { topic, partition }: RecordsPlace) {
    this.topic = topic;
    this.partition = partition;
    this.count = reader.rows;
    this.#reader = reader;
  }

  /** Their offsets, which ascend and may have gaps. */
  get offsets(): Float64Array<ArrayBuffer> {
    return this.#reader.offsets;
  }

  /** Their times, ms; −1 where there is none. */
  get timestamps(): Float64Array<ArrayBuffer> {
    return this.#reader.times;
  }

  /** Their keys. */
  get keys(): Cells {
    return this.#cells("keys");
  }

  /** Their values; null: a tombstone. */
  get values(): Cells {
    return this.#cells("values");
  }

  /** Their headers. */
  get headers(): DecodedHeaders {
    const names = this.#cells("names");
    return { firsts: this.#reader.headerFirsts, names, values: this.#cells("cells") };
  }

  /**
   * The values as lines, for readers of NDJSON, one for each record. A line end within a value
   * becomes a tab, which changes nothing about JSON but for texts that were invalid with it. A
   * tombstone is an empty line, which readers pass; a value of white space alone, which they would
   * pass too, is a line of one byte 0, which is no JSON. Valid until the next call.
   */
  valueLines(): ValueLines {
    return this.#reader.lines();
  }

  /** The offsets as a column of `i64`. */
  offsetColumn(): Column {
    const values = this.#reader.longOffsets;
    return { type: { kind: "i64" }, length: this.count, nullCount: 0, values };
  }

  /** The times as a column of `timestamp`. */
  timestampColumn(): Column {
    const values = this.#reader.longTimes;
    return { type: { kind: "timestamp" }, length: this.count, nullCount: 0, values };
  }

  /** The partition as a column of `i32`. */
  partitionColumn(): Column {
    const values = new Int32Array(this.count).fill(this.partition);
    return { type: { kind: "i32" }, length: this.count, nullCount: 0, values };
  }

  /** The keys as a column; as `utf8`, what is none in them becomes U+FFFD. */
  keyColumn(kind: "utf8" | "bytes"): Column {
    return columnOfCells(this.#reader.gather("keys"), this.count, kind);
  }

  /** The values as a column; as `utf8`, what is none in them becomes U+FFFD. */
  valueColumn(kind: "utf8" | "bytes"): Column {
    return columnOfCells(this.#reader.gather("values"), this.count, kind);
  }

  /** The headers as a column of `map<utf8, bytes>`: of several by one name the last one counts. */
  headerColumn(): Column {
    let names = this.#reader.gather("names");
    const cells = this.#reader.gather("cells");
    // room for the cells may have moved the kernel's memory; that of the names is made by now
    if (names.offsets.length === 0) names = this.#reader.gather("names");
    const offsets = this.#reader.headerFirsts;
    const length = offsets[this.count];
    const key = columnOfCells(names, length, "utf8");
    const value = columnOfCells(cells, length, "bytes");
    const fields = [
      { name: "key", type: key.type, nullable: false },
      { name: "value", type: value.type },
    ];
    const entry: Column = {
      type: { kind: "struct", fields },
      length,
      nullCount: 0,
      children: [key, value],
    };
    const type = { kind: "map", value: value.type } as const;
    return { type, length: this.count, nullCount: 0, offsets, children: [entry] };
  }

  #cells(kind: "keys" | "values" | "names" | "cells"): Cells {
    return { bytes: this.#reader.view(0, this.#reader.used), ...this.#reader.cells(kind) };
  }
}

function columnOfCells(gathered: KafkaGathered, length: number, kind: "utf8" | "bytes"): Column {
  const { nulls: nullCount, validity } = gathered;
  const { values, offsets } = kind === "utf8" ? repairTexts(gathered) : gathered;
  const column: Column = { type: { kind }, length, nullCount, values, offsets };
  return nullCount === 0 ? column : { ...column, validity };
}
