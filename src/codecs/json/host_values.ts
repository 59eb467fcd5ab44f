import type { Column } from "../../batch/column.ts";
import type { ColumnBuilder } from "../../batch/column_builder.ts";
import { MAX_DICTIONARY_ENTRIES } from "../../batch/limits.ts";
import { Misfit } from "../../batch/misfit.ts";
import { columnBuilder } from "../../batch/nested_builders.ts";
import type { ColumnSink } from "../../kernel/column_sink.ts";
import type { NdjsonBlockSpec } from "../block_specs.ts";
import { parseJson } from "./json_parse.ts";
import { JsonRows } from "./json_values.ts";
import type { HostColumn } from "./json_columns.ts";
import { utf8Text } from "../utf8_text.ts";

interface Builder {
  readonly column: number;
  readonly builder: ColumnBuilder;
  readonly rows: JsonRows;
}

/**
 * The columns that the kernel leaves to the host: maps, mixed values, bytes, and lists of anything
 * but plain values. The kernel has found where each value lies.
 */
export class HostValues {
  readonly #builders: readonly Builder[];
  #length = 0;

  /** The columns of a decoder. */
  constructor(
    columns: readonly HostColumn[],
    { batchRows, extraKeys = "ignore" }: NdjsonBlockSpec,
  ) {
    const maxDictionary = Math.max(batchRows, MAX_DICTIONARY_ENTRIES);
    this.#builders = columns.map(({ column, type }) => ({
      column,
      builder: columnBuilder(type, { extraKeys, maxDictionary }),
      rows: new JsonRows({ kind: "struct", fields: [{ name: "v", type }] }),
    }));
  }

  /** Rows that were appended. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends the values of rows up to `end`.
   *
   * @returns The row of which a value is none of its column; it is not appended. `end` if none is.
   */
  append(sink: ColumnSink, memory: Uint8Array<ArrayBuffer>, end: number): number {
    if (this.#builders.length === 0) return this.#length = end;
    const columns = this.#builders.map(({ column }) => sink.columns[column].spans(end));
    for (; this.#length < end; this.#length++) {
      const row = this.#length;
      for (const [at, { builder, rows }] of this.#builders.entries()) {
        const { places, validity } = columns[at];
        const isNull = (validity[row >> 3] & (1 << (row & 7))) === 0;
        const start = places[row * 2];
        const bytes = memory.subarray(start, start + places[row * 2 + 1]);
        if (isNull) builder.appendNull();
        else if (!appendValue(builder, rows, bytes)) return this.#undo();
      }
    }
    return end;
  }

  /** The columns of the rows, in order; there are none then. */
  finish(): Column[] {
    this.#length = 0;
    return this.#builders.map(({ builder }) => builder.finish());
  }

  #undo(): number {
    for (const { builder } of this.#builders) builder.truncate(this.#length);
    return this.#length;
  }
}

/** Appends a value as the reader in TypeScript would; `false` if it is none of the column. */
function appendValue(builder: ColumnBuilder, rows: JsonRows, bytes: Uint8Array): boolean {
  const text = utf8Text(bytes);
  if (text === undefined) return false;
  try {
    const record = `{"v":${text}}`;
    const { v } = rows.fit(parseJson(record) as object, record) as { v: unknown };
    builder.append(v);
    return true;
  } catch (error) {
    if (error instanceof Misfit || error instanceof SyntaxError) return false;
    throw error;
  }
}
