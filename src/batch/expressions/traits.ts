import { typeName } from "../schema_check.ts";
import type { DataType } from "../schema.ts";
import type { Checked } from "./checked.ts";
import type { ExprNode } from "./node.ts";
import { nameOf } from "./type_rules.ts";
import type { Value } from "./values.ts";

/** Where a column lies: its position in the batch, then those of children within structs. */
export type ColumnPath = readonly number[];

/** What the value of an expression hangs on. */
export interface Traits {
  /** The one column that it uses; no path when there is none, or when there are several. */
  readonly path?: ColumnPath;
  /** The type of that column. */
  readonly type?: DataType;
  /** Number of columns: 0, 1, or 2 for several. */
  readonly columns: 0 | 1 | 2;
  /** Whether it asks for the time. */
  readonly now: boolean;
}

/** The path of a column, or of a part of a struct column; `undefined` for anything computed. */
export function pathOf(checked: Checked): ColumnPath | undefined {
  if (checked.op === "col") return [checked.index!];
  if (checked.op !== "field") return undefined;
  const parent = pathOf(checked.args[0]);
  return parent === undefined ? undefined : [...parent, checked.index!];
}

/** Finds out what parts of one expression have in common and hang on. */
export class TraitsOf {
  readonly #traits = new Map<Checked, Traits>();
  readonly #numbers = new Map<Checked, number>();
  readonly #keys = new Map<string, number>();

  /** What a part hangs on. */
  of(checked: Checked): Traits {
    let found = this.#traits.get(checked);
    if (found === undefined) {
      found = this.#find(checked);
      this.#traits.set(checked, found);
    }
    return found;
  }

  /** A number that parts have in common exactly when they compute the same. */
  number(checked: Checked): number {
    let found = this.#numbers.get(checked);
    if (found === undefined) {
      const args = checked.args.map((arg) => this.number(arg));
      const key = JSON.stringify([checked.op, nameOf(checked.type), paramsOf(checked), args]);
      found = this.#keys.get(key) ?? this.#keys.size;
      this.#keys.set(key, found);
      this.#numbers.set(checked, found);
    }
    return found;
  }

  #find(checked: Checked): Traits {
    const path = pathOf(checked);
    if (path !== undefined) {
      return { path, type: checked.type as DataType, columns: 1, now: false };
    }
    const all = checked.args.map((arg) => this.of(arg));
    const now = checked.op === "now" || all.some((traits) => traits.now);
    const using = all.filter(({ columns }) => columns > 0);
    if (using.length === 0) return { columns: 0, now };
    const [{ path: first, type }] = using;
    const same = using.every((traits) => String(traits.path) === String(first));
    return first !== undefined && same
      ? { path: first, type, columns: 1, now }
      : { columns: 2, now };
  }
}

function paramsOf({ op, node, value, index, candidates }: Checked): unknown {
  if (op === "const") return keyOf(value);
  if (op === "col" || op === "field") return index;
  if (op === "in") return [[...candidates!.values].map(keyOf), candidates!.hasNull];
  // conversions that the checker put in carry the node of what they convert
  return op === node.op ? nodeParams(node) : null;
}

function nodeParams(node: ExprNode): unknown {
  switch (node.op) {
    case "round":
      return node.digits;
    case "like":
      return [node.pattern, node.escape];
    case "struct":
      return node.names;
    case "truncate":
      return node.unit;
    case "extract":
      return node.part;
    case "cast":
    case "tryCast":
      return typeName(node.type);
  }
  return null;
}

function keyOf(value: Value): string {
  return `${typeof value}:${Object.is(value, -0) ? "-0" : String(value)}`;
}
