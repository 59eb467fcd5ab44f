import type { AvroReadFault } from "../../kernel/avro_plan.ts";
import type { AvroReadFaultKind } from "../../kernel/avro_ops.ts";
import { avroTypeName } from "./avro_type.ts";
import type { ReadStep } from "./read_plan.ts";

type Told = readonly [reason: string, fix: string];

const DAMAGED = "the bytes are damaged, or were written with another schema: pass the writer's";
const CORRECT = "have the writer correct it, or read it into another column";

/** What is wrong with a record, and what to do about it. */
const TEXTS: Readonly<
  Record<AvroReadFaultKind, (fault: AvroReadFault, step: ReadStep) => Told>
> = {
  cut: ({ detail }) => [
    detail > 0n ? `${detail} bytes were to follow, but the input ends` : "the input ends within it",
    "pass whole records, and the schema that they were written with",
  ],
  longNumber: () => ["a whole number has more than 10 bytes", DAMAGED],
  length: ({ detail }) => [`its length is ${detail}`, DAMAGED],
  branch: ({ detail }) => [`its union has no branch ${detail}`, DAMAGED],
  block: (
    { detail },
  ) => [`a block of items does not have the size that it tells (${detail})`, DAMAGED],
  depth: ({ detail }) => [
    `values are nested more than ${detail} levels deep`,
    "flatten what is written",
  ],
  null: () => ["it is null, where the reader has no null", "let field and column take nulls"],
  intRange: ({ detail }) => [`${detail} is no int (of 32 bits)`, DAMAGED],
  noSymbol: ({ detail }) => [`the enum has no symbol number ${detail}`, DAMAGED],
  otherSymbol: ({ detail }, { written }) => [
    `the reader's enum has no symbol ${symbolOf(written, detail)}`,
    "add it to the reader's enum, or give that a default",
  ],
  notUtf8: () => ["its text is not valid UTF-8", CORRECT],
  notBool: ({ detail }) => [`a boolean is 0 or 1, received ${detail}`, DAMAGED],
  timeRange: ({ detail }) => [`${detail} is no time of a day`, CORRECT],
  decimalRange: ({ detail }) => [
    `the decimal has more than ${detail} digits`,
    "give the column a larger precision",
  ],
  recordSize: ({ detail }) => [`the record has ${detail} bytes`, "raise maxRecordBytes"],
  rest: ({ detail }) => [`${detail} bytes follow the record in its message`, DAMAGED],
};

function symbolOf(written: ReadStep["written"], number: bigint): string {
  return written.type === "enum" ? JSON.stringify(written.symbols[Number(number)]) : `${number}`;
}

/** Whether it is the whole record that does not fit, and none of its fields. */
export function isOfRecord({ kind }: AvroReadFault): boolean {
  return kind === "recordSize" || kind === "rest";
}

/** Why a record cannot be read, and what to do about it. */
export function readFault(fault: AvroReadFault, step: ReadStep): Told {
  const [reason, fix] = TEXTS[fault.kind](fault, step);
  if (isOfRecord(fault)) return [reason, fix];
  return [`expected ${avroTypeName(step.written)}: ${reason}`, fix];
}
