import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { valueAt } from "../batch/column_reader.ts";
import type { BlockDecoder, DecodedBlock } from "./block_decoder.ts";
import type { FramedBlockSpec } from "./block_specs.ts";
import { type OpenedFramed, openFramed } from "./framed_block.ts";

/** Where the column of a field comes from. */
interface ColumnPlace {
  readonly isBeside: boolean;
  readonly at: number;
}

/** Rows that follow each other. */
interface Rows {
  readonly start: number;
  readonly end: number;
}

/** A block while it is decoded. */
interface OpenBlock extends OpenedFramed {
  /** Rows that have a value; absent: all. */
  readonly valued: Int32Array | undefined;
  /** Values and rows that were decoded of it. */
  values: number;
  rows: number;
}

/**
 * Decodes blocks of values that come with columns which were known before, such as the offsets of a
 * topic: of each record one row of these and, unless it is null, one value.
 */
export class FramedBlockDecoder implements BlockDecoder {
  readonly #spec: FramedBlockSpec;
  readonly #values: BlockDecoder | undefined;
  #places: readonly ColumnPlace[] | undefined;
  #open: OpenBlock | undefined;

  /** A decoder by one of the values; absent: there are none, all columns stand beside. */
  constructor(spec: FramedBlockSpec, values: BlockDecoder | undefined) {
    this.#spec = spec;
    this.#values = values;
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const open = from === 0 ? this.#begin(block) : this.#open!;
    if (!this.#values) return this.#whole(open, block.length);
    const decoded = this.#values.decode(block, Math.max(from, open.valuesAt));
    if (decoded.skippedLines > 0) throw new Error("A framed block has a line that is no record");
    const isLast = decoded.end >= block.length;
    const end = this.#endOf(open, decoded.records, isLast);
    const rows = { start: open.rows, end };
    const { batch, bad } = open.valued
      ? this.#withNulls(open, rows, decoded)
      : this.#plain(open, rows, decoded);
    open.values += decoded.records;
    open.rows = end;
    return { ...decoded, batch, bad, records: rows.end - rows.start };
  }

  #begin(block: Uint8Array): OpenBlock {
    const opened = openFramed(block);
    const { nulls } = this.#spec;
    const valued = nulls === undefined ? undefined : rowsThatAreNot(opened.beside!.column(nulls));
    return this.#open = { ...opened, valued, values: 0, rows: 0 };
  }

  /** The row behind those of so many more values. */
  #endOf({ values, valued, records }: OpenBlock, more: number, isLast: boolean): number {
    const count = valued?.length ?? records;
    const isWhole = isLast ? values + more === count : values + more < count;
    if (!isWhole) throw new Error(`A framed block has not the ${count} values that it says`);
    return isLast ? records : valued?.[values + more] ?? values + more;
  }

  #whole({ beside, records }: OpenBlock, end: number): DecodedBlock {
    const none = new RecordBatch({ fields: [] }, [], records);
    const batch = this.#joined(beside ?? none, none);
    return { batch, bad: [], records, lines: 0, skippedLines: 0, end };
  }

  #plain({ beside, records }: OpenBlock, { start, end }: Rows, { batch, bad }: DecodedBlock) {
    if (!beside || bad.length === 0 && end - start === records) {
      return { batch: this.#joined(beside, batch), bad };
    }
    const gone = new Set(bad.map(({ record }) => start + record));
    const all = Array.from({ length: end - start }, (_, at) => start + at);
    const kept = gone.size === 0
      ? beside.slice(start, end)
      : beside.take(all.filter((row) => !gone.has(row)));
    return { batch: this.#joined(kept, batch), bad };
  }

  /** The same where some rows have no value, but nulls in its place. */
  #withNulls(
    { beside, valued, values: first }: OpenBlock,
    { start, end }: Rows,
    decoded: DecodedBlock,
  ) {
    const { batch: given, bad } = decoded;
    const rowOf = (record: number) => valued![first + record] - start;
    const gone = new Set(bad.map(({ record }) => rowOf(record)));
    const isValued = new Set(Array.from({ length: decoded.records }, (_, at) => rowOf(at)));
    const kept: number[] = [];
    const places: number[] = [];
    for (let row = 0, value = 0; row < end - start; row++) {
      if (gone.has(row)) continue;
      kept.push(start + row);
      places.push(isValued.has(row) ? value++ : given.length);
    }
    const batch = this.#joined(beside!.take(kept), withNull(given).take(places));
    return { batch, bad: bad.map((each) => ({ ...each, record: rowOf(each.record) })) };
  }

  #joined(beside: RecordBatch | undefined, values: RecordBatch): RecordBatch {
    const { schema } = this.#spec;
    this.#places ??= placesOf(this.#spec, { beside, values });
    const columns = this.#places.map(({ isBeside, at }): Column =>
      (isBeside ? beside! : values).columnAt(at)
    );
    return new RecordBatch(schema, columns, values.length);
  }

  /** Gives the decoder's memory back. */
  [Symbol.dispose](): void {
    this.#values?.[Symbol.dispose]();
  }
}

function placesOf(
  { schema }: FramedBlockSpec,
  { beside, values }: {
    readonly beside: RecordBatch | undefined;
    readonly values: RecordBatch;
  },
): ColumnPlace[] {
  return schema.fields.map(({ name }) => {
    const inBeside = beside?.schema.fields.findIndex((field) => field.name === name) ?? -1;
    if (inBeside >= 0) return { isBeside: true, at: inBeside };
    const at = values.schema.fields.findIndex((field) => field.name === name);
    if (at < 0) throw new Error(`A framed block has no column ${JSON.stringify(name)}`);
    return { isBeside: false, at };
  });
}

/** Rows where a column is false; `undefined`: all of them. */
function rowsThatAreNot(column: Column): Int32Array | undefined {
  const all = Array.from({ length: column.length }, (_, row) => row);
  const rows = all.filter((row) => valueAt(column, row) !== true);
  return rows.length === column.length ? undefined : Int32Array.from(rows);
}

/** A batch with a row of nulls behind it. */
function withNull({ schema, columns, length }: RecordBatch): RecordBatch {
  const fields = schema.fields.map((field) => ({ ...field, nullable: true }));
  const none: unknown = RecordBatch.fromRows([{}], { schema: { fields } as never });
  const given = new RecordBatch({ fields }, columns, length);
  return RecordBatch.concat([given, none as RecordBatch]);
}
