import type { Column } from "../../batch/column.ts";
import { columnsBytes, readColumns, writeColumns } from "../../batch/frame_columns.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";

/** Some blocks as bytes, to be moved to another thread. */
export interface PackedBlocks {
  /** One block after the other, from multiples of 8 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each begins. */
  readonly starts: readonly number[];
  /** Dictionaries that are new from a block on: others are as they were in the block before. */
  readonly dictionaries: readonly NewDictionary[];
}

/** A dictionary that a column has from a block on. */
export interface NewDictionary {
  readonly block: number;
  readonly column: number;
  readonly dictionary: Column;
}

/** A column without its dictionary: its positions, which are numbers. */
function bare(column: Column): Column {
  if (column.type.kind !== "dict") return column;
  const { length, nullCount, validity, values } = column;
  return { type: { kind: "i32" }, length, nullCount, values, ...(validity && { validity }) };
}

/** The schema of blocks without dictionaries. */
function bareSchema({ fields }: Schema): Schema {
  return {
    fields: fields.map((field) =>
      field.type.kind === "dict" ? { ...field, type: { kind: "i32" } } : field
    ),
  };
}

/** Packs blocks, each dictionary once. */
export class BlockPacker {
  readonly #sent: Column[] = [];

  /** The bytes of blocks, in memory of their own. */
  pack(blocks: readonly RecordBatch[]): PackedBlocks {
    const dictionaries = blocks.flatMap((block, at) => this.#news(block, at));
    const columns = blocks.map((block) => block.columns.map(bare));
    const starts: number[] = [];
    let size = 0;
    for (const each of columns) {
      starts.push(size);
      size += columnsBytes(each, BLOCK_ROWS);
    }
    const bytes = new Uint8Array(size);
    columns.forEach((each, at) => writeColumns(bytes, starts[at], each));
    return { bytes, starts, dictionaries };
  }

  #news({ columns }: RecordBatch, block: number): NewDictionary[] {
    return columns.flatMap(({ type, children }, column) => {
      if (type.kind !== "dict" || this.#sent[column] === children![0]) return [];
      const dictionary = this.#sent[column] = children![0];
      return [{ block, column, dictionary }];
    });
  }
}

/** Dictionaries by column, of all threads: equal ones are one object, so that batches share it. */
export class SharedDictionaries {
  readonly #known: Column[] = [];

  /** The dictionary of a column that stands for this one. */
  of(column: number, dictionary: Column): Column {
    const known = this.#known[column];
    if (known && isSame(known, dictionary)) return known;
    return this.#known[column] = dictionary;
  }
}

function isSame(a: Column, b: Column): boolean {
  const equal = (one: ArrayLike<number>, other: ArrayLike<number>) => {
    if (one.length !== other.length) return false;
    for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
    return true;
  };
  return equal(a.offsets!, b.offsets!) && equal(a.values as Uint8Array, b.values as Uint8Array);
}

/** Unpacks what one packer has packed, in the same order. */
export class BlockUnpacker {
  readonly #schema: Schema;
  readonly #bare: Schema;
  readonly #shared: SharedDictionaries;
  readonly #dictionaries: Column[] = [];

  /** Of blocks of one schema. */
  constructor(schema: Schema, shared: SharedDictionaries) {
    this.#schema = schema;
    this.#bare = bareSchema(schema);
    this.#shared = shared;
  }

  /** The blocks, as views of the bytes. */
  unpack({ bytes, starts, dictionaries }: PackedBlocks): RecordBatch[] {
    const { fields } = this.#schema;
    return starts.map((start, block) => {
      for (const { column, dictionary } of dictionaries.filter((each) => each.block === block)) {
        this.#dictionaries[column] = this.#shared.of(column, dictionary);
      }
      const part = bytes.subarray(0, starts[block + 1] ?? bytes.length);
      const read = readColumns(part, start, { schema: this.#bare, rows: BLOCK_ROWS });
      const columns = read.map((column, at): Column => {
        const { type } = fields[at];
        return type.kind === "dict"
          ? { ...column, type, children: [this.#dictionaries[at]] }
          : column;
      });
      return new RecordBatch(this.#schema, columns, BLOCK_ROWS);
    });
  }
}
