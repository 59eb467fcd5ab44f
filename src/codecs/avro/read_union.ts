import type { Branches } from "./avro_columns.ts";

const TAKES_NULL = 1 << 24;
const NO_BRANCH = 0xff;

/** The word of an operation about the union of its value and null: see `assembly/avro/read.ts`. */
export function unionWord(branches: Branches | undefined, nullable: boolean): number {
  if (branches === undefined) return 0;
  const ofNull = branches.ofNull < 0 ? NO_BRANCH : branches.ofNull;
  return 1 | (ofNull << 8) | (branches.ofValue << 16) | (nullable ? TAKES_NULL : 0);
}
