import type { DataType } from "../../batch/schema.ts";
import * as t from "../../batch/types.ts";
import { checkType, typeName } from "../../batch/schema_check.ts";
import { received } from "../../runtime/known_options.ts";
import type { KeyMaker, KeyPlan } from "../encoding/plans.ts";
import {
  badColumn,
  MADE_KINDS,
  type PatternSpec,
  type SequenceSpec,
  type UuidSpec,
} from "./column_spec.ts";
import { msOf, stepOf } from "./moments.ts";

const LONGEST_PATTERN = 64;
const CLASSES: Readonly<Record<string, string>> = { "#": "9", "?": "A", "&": "a" };
const FIRST_MS = Date.UTC(2025, 0, 1);

/** A column that is made and not drawn by a model. */
export type MadeSpec = SequenceSpec | UuidSpec | PatternSpec;

/** Whether a column of this kind is. */
export function isMadeKind(kind: string): boolean {
  return MADE_KINDS.includes(kind);
}

function sequenceMaker(name: string, { sequence }: SequenceSpec): KeyMaker {
  const isObject = typeof sequence === "object" && sequence !== null;
  const odd = isObject
    ? Object.keys(sequence).find((key) => key !== "start" && key !== "step")
    : undefined;
  if (sequence !== true && (!isObject || odd !== undefined)) {
    badColumn(
      name,
      `sequence must be true, or such as { start: 1000, step: 10 }, received ${
        received(odd ?? sequence)
      }`,
    );
  }
  const { start = 1, step = 1 } = Object(sequence) as { start?: number; step?: number };
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(step) || step === 0) {
    badColumn(
      name,
      `start and step must be whole numbers, step not 0, received ${received(start)} and ${
        received(step)
      }`,
    );
  }
  return { kind: "sequence", start, step };
}

function uuidMaker(name: string, { uuid, start, every }: UuidSpec): KeyMaker {
  if (uuid !== "v4" && uuid !== "v7") {
    badColumn(name, `uuid must be "v4" or "v7", received ${received(uuid)}`);
  }
  if (uuid === "v7") {
    const ms = msOf(name, start ?? FIRST_MS);
    if (ms < 0) badColumn(name, "UUIDs hold no times before 1970");
    return { kind: "uuid7", start: ms, step: stepOf(name, every ?? 1) };
  }
  if (start === undefined && every === undefined) return { kind: "uuid" };
  badColumn(name, 'only UUIDs of "v7" have times; leave out start and every');
}

function patternMaker(name: string, { pattern, repeats = false }: PatternSpec): KeyMaker {
  if (typeof pattern !== "string" || !pattern.isWellFormed()) {
    badColumn(name, `pattern must be a text such as "AB-####", received ${received(pattern)}`);
  }
  if (typeof repeats !== "boolean") badColumn(name, `repeats must be true or false`);
  let [text, classes] = ["", ""];
  for (let at = 0; at < pattern.length; at++) {
    const isPlain = pattern[at] === "\\" && at + 1 < pattern.length;
    const character = pattern[isPlain ? ++at : at];
    text += character;
    classes += (isPlain ? undefined : CLASSES[character]) ?? ".";
  }
  if (text.length === 0 || text.length > LONGEST_PATTERN) {
    badColumn(name, `pattern must have 1 to ${LONGEST_PATTERN} places, received ${text.length}`);
  }
  return { kind: "pattern", text, classes, ...(repeats && { repeats }) };
}

function fits(maker: KeyMaker, { kind }: DataType): boolean {
  return maker.kind === "sequence"
    ? kind === "i32" || kind === "i64"
    : kind === "utf8" || kind === "dict";
}

/**
 * The plan of a column that is made.
 *
 * @param like The type that it has where it says none, if that can be.
 * @throws {TypeError} when it cannot be.
 */
export function madePlan(name: string, spec: MadeSpec, like?: DataType): KeyPlan {
  const maker = "sequence" in spec
    ? sequenceMaker(name, spec)
    : "uuid" in spec
    ? uuidMaker(name, spec)
    : patternMaker(name, spec);
  const usual = like && fits(maker, like) ? like : maker.kind === "sequence" ? t.i32 : t.utf8;
  const { type = usual } = spec;
  checkType(type);
  if (fits(maker, type)) return { kind: "key", field: { name, type }, maker };
  badColumn(name, `${Object.keys(spec)[0]} cannot be of type ${typeName(type)}`);
}
