import type { TimeText } from "./time_texts.ts";
import type { Field } from "../../batch/schema.ts";

/** Knots of a number's symbol less one: the parts of equal share between them. */
export const KNOT_BITS = 3;
/** Knots of a number's symbol. */
export const KNOTS: number = (1 << KNOT_BITS) + 1;
/** The most values that a column's list holds: places of an alias table are 16 bits. */
export const MOST_VALUES = 65_535;

/** The values that a column of categories has, by position. */
export type Vocabulary =
  | { readonly kind: "texts"; readonly texts: readonly string[] }
  | { readonly kind: "numbers"; readonly numbers: Float64Array };

/** How many values a vocabulary has. */
export function sizeOf(vocabulary: Vocabulary): number {
  return vocabulary.kind === "texts" ? vocabulary.texts.length : vocabulary.numbers.length;
}

/** How numbers are counted in a column, and what it can hold. */
export interface NumberUnit {
  /** What a counted number is divided by to be stored: 100 where there are two places. */
  readonly divisor: number;
  /** Whether counted numbers are whole. */
  readonly whole: boolean;
  /** The least counted number that the column can hold. */
  readonly low: number;
  /** The greatest. */
  readonly high: number;
}

/** A column of which each symbol is one value, or some that are rarer. */
export interface CategoryPlan {
  readonly kind: "category";
  readonly field: Field;
  /** Which variable of the model it is. */
  readonly variable: number;
  readonly values: Vocabulary;
  /** How many values each symbol stands for, the null symbol left out. */
  readonly sizes: readonly number[];
  /** How often each value came. */
  readonly weights: Float64Array;
  /** Whether there is a symbol for null, the last one. */
  readonly nulls: boolean;
  /** The value that all rare ones were folded into, −1 if there are none. */
  readonly other: number;
  readonly unit?: NumberUnit;
}

/** A part of a number: the whole of it, or its weeks, say. */
export interface NumberPart {
  /** Which variable of the model it is. */
  readonly variable: number;
  /** What it is multiplied by in the sum of the parts. */
  readonly scale: number;
  /** Whether it is whole. */
  readonly whole: boolean;
  /** The knots of each symbol, the null symbol left out, in ascending order. */
  readonly knots: Float64Array;
}

/** A column of numbers or times. */
export interface NumberPlan {
  readonly kind: "number";
  readonly field: Field;
  readonly unit: NumberUnit;
  /** Parts of which the number is the sum; each has the null symbol. */
  readonly parts: readonly NumberPart[];
  /** What is added to the sum. */
  readonly offset: number;
  /** Whether there is a symbol for null, the last one of each part. */
  readonly nulls: boolean;
  /** Of times that rows have as texts: how; the field is then that of the times. */
  readonly text?: TimeText;
}

/** A column that follows from one or two others. */
export interface LookupPlan {
  readonly kind: "lookup";
  readonly field: Field;
  readonly values: Vocabulary;
  readonly unit?: NumberUnit;
  /** The positions of the columns that decide. */
  readonly by: readonly number[];
  /**
   * The value's position for each value of the first, null first, times those of the second; −1 for
   * null, and −2 − c for choice c.
   */
  readonly entries: Int32Array;
  /** Entries for each value of the first column: as many as the second has values, and null. */
  readonly width: number;
  /** Several values by weight, where the columns that decide were folded. */
  readonly choices: readonly { readonly values: Int32Array; readonly weights: Float64Array }[];
}

/** A column that is the sum of two others in every row. */
export interface SumPlan {
  readonly kind: "sum";
  readonly field: Field;
  readonly unit: NumberUnit;
  /** The positions of the columns that are added, of numbers in one part that are never null. */
  readonly of: readonly number[];
}

/** How the values of a key are made. */
export type KeyMaker =
  /** Whole numbers: 1 and 1 more each row, unless it says otherwise. */
  | { readonly kind: "sequence"; readonly start?: number; readonly step?: number }
  /** Random ones of version 4. */
  | { readonly kind: "uuid" }
  /** Ones of version 7: of which time the first row is, and by how much each is later, in ms. */
  | { readonly kind: "uuid7"; readonly start: number; readonly step: number }
  /** Of places of each class, `.` that of the text; `repeats` where all may come again. */
  | {
    readonly kind: "pattern";
    readonly text: string;
    readonly classes: string;
    readonly repeats?: boolean;
  };

/** A column whose values are made and not learned. */
export interface KeyPlan {
  readonly kind: "key";
  readonly field: Field;
  readonly maker: KeyMaker;
}

/** A column that was null in every row. */
export interface NullPlan {
  readonly kind: "null";
  readonly field: Field;
}

/** How a column is encoded and decoded. */
export type ColumnPlan = CategoryPlan | NumberPlan | LookupPlan | SumPlan | KeyPlan | NullPlan;

/** How all columns are. */
export interface Encoding {
  readonly columns: readonly ColumnPlan[];
  /** How many symbols each variable has, the null symbol included. */
  readonly symbols: readonly number[];
}

/** How many symbols of each variable, from the first on, are in order, as those of numbers are. */
export function orderedSymbols({ columns, symbols }: Encoding): number[] {
  const out = symbols.map(() => 0);
  for (const plan of columns) {
    if (plan.kind !== "category" && plan.kind !== "number") continue;
    const variables = plan.kind === "number" ? plan.parts.map((part) => part.variable) : [];
    if (plan.kind === "category" && plan.values.kind === "numbers") variables.push(plan.variable);
    for (const v of variables) out[v] = symbols[v] - Number(plan.nulls);
  }
  return out;
}
