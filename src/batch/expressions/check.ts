import { sameType } from "../schema_check.ts";
import type { DataType, Field, Schema } from "../schema.ts";
import { castBetween } from "./casts.ts";
import {
  checkArithmetic,
  checkIsNaN,
  checkRounding,
  checkSign,
  type Subject,
} from "./check_arithmetic.ts";
import { checkComparison, checkIn } from "./check_compare.ts";
import { type Checked, isNullConstant, nullOf, type ValueType } from "./checked.ts";
import type { Expr } from "./expr.ts";
import { constantOf } from "./literal.ts";
import {
  argsOf,
  type CastNode,
  type ExprNode,
  type ExtractNode,
  type FieldNode,
  type LiteralNode,
  type StructNode,
  type TruncateNode,
} from "./node.ts";
import { typeFault } from "./type_fault.ts";
import { commonType, isText, nameOf, widen } from "./type_rules.ts";

const BOOL: DataType = { kind: "bool" };
const I32: DataType = { kind: "i32" };
const UTF8: DataType = { kind: "utf8" };
const TIMESTAMP: DataType = { kind: "timestamp" };
const MIXED: DataType = { kind: "mixed" };
const LISTED_NAMES = 50;
const CLOCK_UNITS = new Set(["second", "minute", "hour"]);
const CLOCK_PARTS = new Set(["hour", "minute", "second", "millisecond"]);

/** What a column is that the schema does not have. */
export type UnknownColumns = "error" | "null";

/** The columns that an expression may use. */
export interface Scope {
  /** A field of the type `null` is a column of nothing but nulls. */
  readonly fields: readonly { readonly name: string; readonly type: ValueType }[];
  /** Default `"error"`. */
  readonly unknownColumns?: UnknownColumns;
}

/**
 * The type of an expression's values over the columns of a schema.
 *
 * @throws {TypeError} when a column is not there, or an operator does not fit its arguments' types.
 */
export function typeOf(expression: Expr, schema: Schema): DataType {
  return resultType(check(expression, schema).type);
}

/** The type of the column that holds a result; the constant null on its own is `mixed`. */
export function resultType(type: ValueType): DataType {
  return type.kind === "null" ? MIXED : type;
}

/**
 * Finds the types of an expression's parts and puts in the conversions between them.
 *
 * @throws {TypeError} as {@linkcode typeOf} does.
 */
export function check(expression: Expr, scope: Scope): Checked {
  return new Checker(scope).check(expression.node);
}

class Checker {
  readonly #scope: Scope;
  readonly #columns = new Map<string, { index: number; type: ValueType }>();
  readonly #known = new Map<ExprNode, Checked>();

  constructor(scope: Scope) {
    this.#scope = scope;
    scope.fields.forEach(({ name, type }, index) => this.#columns.set(name, { index, type }));
  }

  // a part that is shared is checked once and stays shared
  check(node: ExprNode): Checked {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const checked = this.#node(node);
    this.#known.set(node, checked);
    return checked;
  }

  #node(node: ExprNode): Checked {
    if (node.op === "col") return this.#column(node.name, node);
    if (node.op === "lit") return constant(node);
    if (node.op === "now") return { op: "now", type: TIMESTAMP, args: [], node };
    const args = argsOf(node).map((arg) => this.check(arg));
    return node.op === "field" ? this.#field(node, args[0]) : checkCall(node, args);
  }

  #column(name: string, node: ExprNode): Checked {
    const found = this.#columns.get(name);
    if (found === undefined) {
      if (this.#scope.unknownColumns === "null") return nullOf({ kind: "null" }, node);
      throw typeFault(node, "there is no such column", this.#listed());
    }
    if (found.type.kind === "null") return nullOf(found.type, node);
    return { op: "col", type: found.type, index: found.index, args: [], node };
  }

  #listed(): string {
    return `the columns are ${listed([...this.#columns.keys()])}`;
  }

  #field(node: FieldNode, arg: Checked): Checked {
    if (arg.type.kind === "null") return nullOf(arg.type, node);
    if (arg.type.kind !== "struct") {
      throw typeFault(
        node,
        `field takes a struct, received ${nameOf(arg.type)}`,
        "leave field() away, or use another column",
      );
    }
    const index = arg.type.fields.findIndex(({ name }) => name === node.name);
    if (index < 0) {
      if (this.#scope.unknownColumns === "null") return nullOf({ kind: "null" }, node);
      const names = arg.type.fields.map(({ name }) => name);
      throw typeFault(node, "there is no such field", `the fields are ${listed(names)}`);
    }
    const type: ValueType = arg.type.fields[index].type;
    if (type.kind as string === "null") return nullOf(type, node);
    return { op: "field", type, node, args: [arg], index };
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none at all";
  const shown = names.slice(0, LISTED_NAMES).map((name) => JSON.stringify(name)).join(", ");
  const more = names.length - LISTED_NAMES;
  return `${shown}${more > 0 ? ` and ${more} more` : ""}`;
}

function constant(node: LiteralNode): Checked {
  const { kind, value } = constantOf(node);
  return { op: "const", type: { kind }, args: [], node, value };
}

function checkCall(node: ExprNode, args: readonly Checked[]): Checked {
  switch (node.op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "mod":
      return checkArithmetic({ op: node.op, node, args });
    case "neg":
    case "abs":
      return checkSign({ op: node.op, node, args });
    case "floor":
    case "ceil":
    case "round":
      return checkRounding({ op: node.op, node, args });
    case "isNaN":
      return checkIsNaN({ op: node.op, node, args });
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return checkComparison({ op: node.op, node, args });
    case "in":
      return checkIn({ op: node.op, node, args });
    case "between":
      return checkBetween({ op: node.op, node, args });
    default:
      return checkOther(node, args);
  }
}

function checkOther(node: ExprNode, args: readonly Checked[]): Checked {
  switch (node.op) {
    case "and":
    case "or":
    case "not":
      return checkLogic({ op: node.op, node, args });
    case "when":
      return checkWhen({ op: node.op, node, args });
    case "coalesce":
      return checkCoalesce({ op: node.op, node, args });
    case "struct":
      return checkStruct(node, args);
    case "cast":
    case "tryCast":
      return checkCast(node, args[0]);
    case "truncate":
      return checkTruncate(node, args[0]);
    case "extract":
      return checkExtract(node, args[0]);
    case "isNull":
      return { op: node.op, type: BOOL, node, args };
    default:
      return checkText(node, args);
  }
}

function checkBetween({ node, args: [value, low, high] }: Subject<"between">): Checked {
  const above = checkComparison({ op: "ge", node, args: [value, low] });
  const below = checkComparison({ op: "le", node, args: [value, high] });
  return { op: "and", type: BOOL, node, args: [above, below] };
}

function checkLogic({ op, node, args }: Subject<"and" | "or" | "not">): Checked {
  return { op, type: BOOL, node, args: args.map((arg) => condition(arg, { node, what: op })) };
}

function condition(arg: Checked, { node, what }: { node: ExprNode; what: string }): Checked {
  if (arg.type.kind === "null") return nullOf(BOOL, arg.node);
  if (arg.type.kind === "bool") return arg;
  throw typeFault(
    node,
    `${what} takes true or false, received ${nameOf(arg.type)}`,
    `compare it, or convert it with cast("bool")`,
  );
}

function checkWhen({ op, node, args }: Subject<"when">): Checked {
  const asked = (at: number) => at % 2 === 0 && at < args.length - 1;
  const type = meet(node, args.filter((_, at) => !asked(at)));
  const all = args.map((arg, at) =>
    asked(at) ? condition(arg, { node, what: "when" }) : widenTo(arg, type)
  );
  return { op, type, node, args: all };
}

function checkCoalesce({ op, node, args }: Subject<"coalesce">): Checked {
  const type = meet(node, args);
  return { op, type, node, args: args.map((arg) => widenTo(arg, type)) };
}

function widenTo(arg: Checked, type: ValueType): Checked {
  return type.kind === "null" ? arg : widen(arg, type);
}

function meet(node: ExprNode, results: readonly Checked[]): ValueType {
  const type = commonType(results);
  if (type !== undefined) return type;
  const names = new Set(results.map((result) => nameOf(result.type)));
  throw typeFault(
    node,
    `the results of ${node.op} are of types that do not meet: ${[...names].join(", ")}`,
    "convert them with cast() to one",
  );
}

function checkStruct(node: StructNode, args: readonly Checked[]): Checked {
  const fields = node.names.map((name, at): Field => ({ name, type: resultType(args[at].type) }));
  const all = args.map((arg, at) => isNullConstant(arg) ? nullOf(fields[at].type, arg.node) : arg);
  return { op: "struct", type: { kind: "struct", fields }, node, args: all };
}

function checkCast(node: CastNode, arg: Checked): Checked {
  if (isNullConstant(arg) || arg.type.kind === "null") return nullOf(node.type, node);
  if (sameType(arg.type, node.type)) return { ...arg, type: node.type };
  if (castBetween(arg.type, node.type) === undefined) {
    throw typeFault(
      node,
      `there is no conversion from ${nameOf(arg.type)} to ${nameOf(node.type)}`,
      "convert parts of it, or go by way of a type that has both",
    );
  }
  return { op: node.op, type: node.type, node, args: [arg] };
}

function checkTruncate(node: TruncateNode, arg: Checked): Checked {
  if (arg.type.kind === "null") return nullOf(TIMESTAMP, node);
  const clock = CLOCK_UNITS.has(node.unit);
  checkCalendar({ node, type: arg.type, clock, what: `truncate to ${node.unit}` });
  return { op: "truncate", type: arg.type, node, args: [arg] };
}

function checkExtract(node: ExtractNode, arg: Checked): Checked {
  if (arg.type.kind === "null") return nullOf(I32, node);
  const clock = CLOCK_PARTS.has(node.part);
  checkCalendar({ node, type: arg.type, clock, what: `extract of ${node.part}` });
  return { op: "extract", type: I32, node, args: [arg] };
}

interface CalendarUse {
  readonly node: ExprNode;
  readonly type: DataType;
  /** Whether the unit or part is finer than a day. */
  readonly clock: boolean;
  readonly what: string;
}

function checkCalendar({ node, type, clock, what }: CalendarUse): void {
  const fits = type.kind === "timestamp" || type.kind === (clock ? "time" : "date");
  if (fits) return;
  throw typeFault(
    node,
    `${what} takes a timestamp or ${clock ? "time" : "date"}, received ${nameOf(type)}`,
    `convert it with cast("timestamp")`,
  );
}

function checkText(node: ExprNode, args: readonly Checked[]): Checked {
  const odd = args.find(({ type }) => !isText(type) && type.kind !== "null");
  if (odd !== undefined) {
    throw typeFault(
      node,
      `${node.op} takes strings, received ${nameOf(odd.type)}`,
      `convert it with cast("utf8")`,
    );
  }
  const all = args.map((arg) => arg.type.kind === "null" ? nullOf(UTF8, arg.node) : arg);
  return { op: node.op as Checked["op"], type: textResult(node, all), node, args: all };
}

function textResult(node: ExprNode, [first]: readonly Checked[]): DataType {
  if (node.op === "length") return I32;
  if (node.op === "concat") return UTF8;
  if (node.op === "lower" || node.op === "upper") return first.type as DataType;
  return BOOL;
}
