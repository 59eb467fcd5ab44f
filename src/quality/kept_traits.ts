import type { RecordBatch } from "../batch/record_batch.ts";
import { sameType, typeName } from "../batch/schema_check.ts";
import type { ScoreColumn, ScoreValues } from "./score_columns.ts";

/** A difference of shares of nulls that may be by chance: so many standard errors. */
const CHANCE = 4;
const LEAST_DIFFERENCE = 0.005;

/** Something that is to be the same in both sets of rows. */
export interface Trait<T> {
  /** What it is in the real rows. */
  readonly real: T;
  /** What it is in the synthetic rows. */
  readonly synthetic: T;
  /** Whether it is the same, or as near as can be told. */
  readonly kept: boolean;
}

/** What a column has kept besides its distribution. */
export interface KeptTraits {
  /** The share of rows that are null; kept if it is within chance. */
  readonly nulls: Trait<number>;
  /** The type's name. */
  readonly type: Trait<string>;
  /** Whether all numbers are whole; only of numbers. */
  readonly whole?: Trait<boolean>;
}

function isWhole({ numbers }: ScoreValues): boolean {
  return numbers.every((value) => Number.isNaN(value) || Number.isInteger(value));
}

function nullTrait(real: ScoreValues, synthetic: ScoreValues, rows: readonly number[]) {
  const [a, b] = [real.nulls / rows[0], synthetic.nulls / rows[1]];
  const pooled = (real.nulls + synthetic.nulls) / (rows[0] + rows[1]);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1]));
  const kept = Math.abs(a - b) <= Math.max(CHANCE * error, LEAST_DIFFERENCE);
  return { real: a, synthetic: b, kept };
}

/** Whether a column has the nulls, the type and the whole numbers of the real rows. */
export function keptTraits(
  { name, kind, sets }: ScoreColumn,
  [real, synthetic]: readonly [RecordBatch, RecordBatch],
): KeptTraits {
  const types = [real.column(name).type, synthetic.column(name).type];
  const traits = {
    nulls: nullTrait(sets[0], sets[1], [real.length, synthetic.length]),
    type: {
      real: typeName(types[0]),
      synthetic: typeName(types[1]),
      kept: sameType(types[0], types[1]),
    },
  };
  if (kind !== "number") return traits;
  const [a, b] = [isWhole(sets[0]), isWhole(sets[1])];
  return { ...traits, whole: { real: a, synthetic: b, kept: a === b } };
}
