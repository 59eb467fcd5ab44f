import type { Column } from "../../batch/column.ts";
import { counted, numbersOf, textsOf } from "./column_values.ts";
import type { NumberUnit, Vocabulary } from "./plans.ts";

/** Values of a column as positions in a list, −1 for null. */
export interface Coded {
  readonly codes: Int32Array;
  readonly values: Vocabulary;
}

/** Numbers as positions in the list of the distinct ones, in ascending order. */
export function codedNumbers(numbers: Float64Array, nulls: Uint8Array): Coded {
  const distinct = Float64Array.from(new Set(numbers.filter((_, at) => nulls[at] === 0))).sort();
  const positions = new Map(Array.from(distinct, (value, at) => [value, at]));
  const codes = Int32Array.from(numbers, (value, at) => nulls[at] ? -1 : positions.get(value)!);
  return { codes, values: { kind: "numbers", numbers: distinct } };
}

/** The texts of a column. */
export function codedTexts(column: Column): Coded {
  const { codes, texts } = textsOf(column);
  return { codes, values: { kind: "texts", texts } };
}

/** The numbers of a column, as they are counted. */
export function codedColumn(column: Column, name: string, unit: NumberUnit): Coded {
  const numbers = numbersOf(column, name);
  return codedNumbers(counted(numbers, unit), numbers.nulls);
}
