import { MAX_TIMESTAMP_MS } from "../time_range.ts";
import { castType } from "./cast_target.ts";
import { Expr } from "./expr.ts";
import { isI64, type Literal, literalNode } from "./literal.ts";
import {
  BINARY_OPS,
  type ExprNode,
  MAX_EXPRESSION_DEPTH,
  MAX_EXPRESSION_NODES,
  TIME_PARTS,
  TIME_UNITS,
  type TimePart,
  type TimeUnit,
  UNARY_OPS,
} from "./node.ts";
import { checkDigits, checkEscape, checkOneOf } from "./params.ts";

type Data = Readonly<Record<string, unknown>>;

/** How many arguments an operator takes. */
interface Arity {
  readonly least: number;
  readonly most: number;
}

const ARITIES: ReadonlyMap<string, Arity> = new Map<string, Arity>([
  ...UNARY_OPS.map((op): [string, Arity] => [op, { least: 1, most: 1 }]),
  ...BINARY_OPS.map((op): [string, Arity] => [op, { least: 2, most: 2 }]),
  ["and", { least: 1, most: Infinity }],
  ["or", { least: 1, most: Infinity }],
  ["coalesce", { least: 1, most: Infinity }],
  ["concat", { least: 1, most: Infinity }],
  ["between", { least: 3, most: 3 }],
  ["in", { least: 1, most: Infinity }],
  ["when", { least: 3, most: Infinity }],
  ["struct", { least: 0, most: Infinity }],
  ...["round", "like", "cast", "tryCast", "field", "truncate", "extract"].map((
    op,
  ): [string, Arity] => [op, { least: 1, most: 1 }]),
]);

/**
 * Reads an expression from plain data: what its `toJSON()` gave, after `JSON.parse` or a worker's
 * message.
 *
 * The data is trusted with nothing: kinds of node are a closed list, every part is checked, and
 * what is not part of a node is left behind. What fits together is checked here; whether types
 * fit is checked where the columns are known.
 *
 * @throws {TypeError} when the data is not an expression, naming the place.
 * @throws {RangeError} when it is nested too deeply, too large, or a part is out of range.
 */
export function expressionFromJson(data: unknown): Expr {
  return new Reader().read(data, { path: "$", depth: 1 });
}

/** Where in the data the reader is. */
interface Place {
  readonly path: string;
  readonly depth: number;
}

class Reader {
  #nodes = 0;

  read(data: unknown, place: Place): Expr {
    if (place.depth > MAX_EXPRESSION_DEPTH) {
      throw new RangeError(
        `Cannot read expression: nested deeper than ${MAX_EXPRESSION_DEPTH} levels; nothing that ` +
          `waggle writes is`,
      );
    }
    this.#nodes++;
    if (this.#nodes > MAX_EXPRESSION_NODES) {
      throw new RangeError(
        `Cannot read expression: more than ${MAX_EXPRESSION_NODES} nodes; split it`,
      );
    }
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      throw fault(place, `a node is an object, received ${kindOf(data)}`);
    }
    return this.#node(data as Data, place);
  }

  #node(data: Data, place: Place): Expr {
    const op = part(data, "op");
    if (op === "col") return new Expr({ op, name: string(data, "name", place) });
    if (op === "now") return new Expr({ op });
    if (op === "lit") return literal(data, place);
    const arity = typeof op === "string" ? ARITIES.get(op) : undefined;
    if (arity === undefined) {
      throw fault(place, `there is no operator ${JSON.stringify(op)?.slice(0, 40)}`);
    }
    const args = this.#args(data, place);
    checkArity({ op: String(op), count: args.length }, { arity, place });
    return new Expr(nodeOf(String(op), { data, args: args.map((e) => e.node), place }), args);
  }

  #args(data: Data, place: Place): Expr[] {
    const args = part(data, "args");
    if (!Array.isArray(args)) throw fault(place, `args must be an array, received ${kindOf(args)}`);
    const depth = place.depth + 1;
    return Array.from(args, (arg, at) => this.read(arg, { path: `${place.path}[${at}]`, depth }));
  }
}

function checkArity(
  { op, count }: { op: string; count: number },
  { arity, place }: { arity: Arity; place: Place },
): void {
  const fits = count >= arity.least && count <= arity.most;
  if (!fits) throw fault(place, `${op} does not take ${count} arguments`);
  if (op === "when" && count % 2 === 0) {
    throw fault(place, "when takes pairs of condition and result, and one result more");
  }
}

interface Parts {
  readonly data: Data;
  readonly args: readonly ExprNode[];
  readonly place: Place;
}

function nodeOf(op: string, { data, args, place }: Parts): ExprNode {
  switch (op) {
    case "round": {
      const digits = part(data, "digits") ?? 0;
      checkDigits(digits);
      return { op, args, digits };
    }
    case "like": {
      const pattern = string(data, "pattern", place);
      const escape = string(data, "escape", place);
      checkEscape(pattern, escape);
      return { op, args, pattern, escape };
    }
    case "cast":
    case "tryCast":
      return { op, args, type: castType(part(data, "type")) };
    case "struct":
      return { op, names: names(data, { count: args.length, place }), args };
    case "field":
      return { op, args, name: string(data, "name", place) };
    case "truncate": {
      const unit = part(data, "unit");
      checkOneOf("unit", { value: unit, among: TIME_UNITS });
      return { op, args, unit: unit as TimeUnit };
    }
    case "extract": {
      const partName = part(data, "part");
      checkOneOf("part", { value: partName, among: TIME_PARTS });
      return { op, args, part: partName as TimePart };
    }
    default:
      return { op, args } as ExprNode;
  }
}

function literal(data: Data, place: Place): Expr {
  const value = part(data, "value");
  const type = part(data, "type");
  if (type === undefined) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw fault(place, `a constant of ${value} is written as a string with the type "f64"`);
    }
    if (value === null || ["boolean", "number", "string"].includes(typeof value)) {
      return new Expr(literalNode(value as Literal));
    }
    throw fault(
      place,
      `a constant is null, a boolean, number or string, received ${kindOf(value)}`,
    );
  }
  const read = typedLiteral(type, value);
  if (read === undefined) {
    throw fault(place, `${kindOf(value)} is no constant of the type ${JSON.stringify(type)}`);
  }
  return new Expr(literalNode(read));
}

function typedLiteral(type: unknown, value: unknown): Literal | undefined {
  if (type === "i64" && typeof value === "string" && /^-?\d{1,19}$/.test(value)) {
    const integer = BigInt(value);
    return isI64(integer) ? integer : undefined;
  }
  if (type === "f64" && ["NaN", "Infinity", "-Infinity", "-0"].includes(value as string)) {
    return Number(value);
  }
  if (type === "timestamp" && Number.isInteger(value)) {
    return Math.abs(value as number) <= MAX_TIMESTAMP_MS ? new Date(value as number) : undefined;
  }
  return undefined;
}

function names(data: Data, { count, place }: { count: number; place: Place }): string[] {
  const all = part(data, "names");
  if (!Array.isArray(all) || all.length !== count) {
    throw fault(place, "a struct has as many names as args");
  }
  const distinct = new Set<string>();
  for (const name of all) {
    if (typeof name !== "string") {
      throw fault(place, `a name is a string, received ${kindOf(name)}`);
    }
    const wellFormed = name.toWellFormed();
    if (distinct.has(wellFormed)) {
      throw fault(place, `two fields are named ${JSON.stringify(name)}`);
    }
    distinct.add(wellFormed);
  }
  return [...distinct];
}

// Own properties only, so that nothing inherited takes part
function part(data: Data, name: string): unknown {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}

function string(data: Data, name: string, place: Place): string {
  const value = part(data, name);
  if (typeof value === "string") return value.toWellFormed();
  throw fault(place, `${name} must be a string, received ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "object" ? "an object" : String(value).slice(0, 40);
}

function fault({ path }: Place, why: string): TypeError {
  const short = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  return new TypeError(`Cannot read expression: at ${short}, ${why}`);
}
