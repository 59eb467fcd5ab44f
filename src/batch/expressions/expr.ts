import { type CastTarget, castType } from "./cast_target.ts";
import type { ArithmeticOf, CastOf, ExprValue, NullOf, Operand, StrictOf } from "./expr_types.ts";
import { literalNode } from "./literal.ts";
import {
  type BinaryOp,
  type ExprNode,
  TIME_PARTS,
  TIME_UNITS,
  type TimePart,
  type TimeUnit,
  type UnaryOp,
} from "./node.ts";
import { checkDigits, checkEscape, checkOneOf, checkSize } from "./params.ts";
import { printExpression } from "./print.ts";

/** Where an {@linkcode Expr} keeps its value's type; exists for the type checker alone. */
export declare const EXPR_VALUE: unique symbol;

/**
 * A computation over the columns of a batch or the fields of an object, written as data.
 *
 * Made by {@linkcode col}, {@linkcode lit} and their like and put together by its methods; never
 * changed afterwards. `T` is what its values are in rows. Null in, null out, unless a method says
 * otherwise. `docs/expressions.md` has the rules of every operator.
 *
 * @example
 * ```ts
 * import { col, evaluateRow } from "@waggle/stream";
 *
 * const fahrenheit = col<number>("temperature").mul(9 / 5).add(32);
 * console.log(evaluateRow(fahrenheit, { temperature: 100 })); // 212
 * ```
 */
export class Expr<T = unknown> {
  /** What its values are in rows; exists for the type checker alone. */
  declare readonly [EXPR_VALUE]?: T;
  readonly #node: ExprNode;
  readonly #args: readonly Expr[];
  readonly #depth: number;
  readonly #nodes: number;

  /** Use {@linkcode col}, {@linkcode lit} and their like. */
  constructor(node: ExprNode, args: readonly Expr[] = []) {
    this.#node = node;
    this.#args = args;
    this.#depth = 1 + args.reduce((most, arg) => Math.max(most, arg.#depth), 0);
    this.#nodes = 1 + args.reduce((sum, arg) => sum + arg.#nodes, 0);
    checkSize(node, args.length, { depth: this.#depth, nodes: this.#nodes });
  }

  /** The expression as plain data. */
  get node(): ExprNode {
    return this.#node;
  }

  /** The sum; of two i64 exactly, else in doubles. A timestamp or date plus a number moves it. */
  add<const O extends Operand>(other: O): Expr<ArithmeticOf<T, ExprValue<O>>> {
    return this.#binary("add", other);
  }

  /** The difference, as {@linkcode add}; of two timestamps in milliseconds, of dates in days. */
  sub<const O extends Operand>(other: O): Expr<ArithmeticOf<T, ExprValue<O>>> {
    return this.#binary("sub", other);
  }

  /** The product; of two i64 exactly, else in doubles. */
  mul<const O extends Operand>(other: O): Expr<ArithmeticOf<T, ExprValue<O>>> {
    return this.#binary("mul", other);
  }

  /** The quotient, always in doubles: `x / 0` is an infinity or NaN. */
  div<const O extends Operand>(other: O): Expr<StrictOf<number, T, ExprValue<O>>> {
    return this.#binary("div", other);
  }

  /** The remainder with the sign of the dividend, as `%` in JavaScript. */
  mod<const O extends Operand>(other: O): Expr<ArithmeticOf<T, ExprValue<O>>> {
    return this.#binary("mod", other);
  }

  /** The number with the other sign. */
  neg(): Expr<ArithmeticOf<T, T>> {
    return this.#unary("neg");
  }

  /** The number without its sign. */
  abs(): Expr<ArithmeticOf<T, T>> {
    return this.#unary("abs");
  }

  /** The greatest whole number that is not above it. */
  floor(): Expr<T> {
    return this.#unary("floor");
  }

  /** The least whole number that is not below it. */
  ceil(): Expr<T> {
    return this.#unary("ceil");
  }

  /**
   * The nearest number of `digits` digits after the point, halves away from zero.
   *
   * @throws {RangeError} unless `digits` is a whole number from 0 to 15. Default 0.
   */
  round(digits: number = 0): Expr<T> {
    checkDigits(digits);
    return new Expr<T>({ op: "round", args: [this.#node], digits }, [this]);
  }

  /** Whether both are the same; NaN is like nothing, −0 is like 0. */
  eq<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("eq", other);
  }

  /** Whether they differ; the opposite of {@linkcode eq}. */
  ne<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("ne", other);
  }

  /** Whether it is less; strings by code point, false before true, numbers exactly. */
  lt<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("lt", other);
  }

  /** Whether it is less or the same. */
  le<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("le", other);
  }

  /** Whether it is greater. */
  gt<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("gt", other);
  }

  /** Whether it is greater or the same. */
  ge<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("ge", other);
  }

  /** Another name for {@linkcode Expr.le}. */
  lte<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.le(other);
  }

  /** Another name for {@linkcode Expr.ge}. */
  gte<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.ge(other);
  }

  /** Whether it lies between the two, both included: `ge(low)` and `le(high)`. */
  between(low: Operand, high: Operand): Expr<boolean | null> {
    return this.#variadic("between", [low, high]);
  }

  /** Whether it is one of the values; null instead of false when one of them is null. */
  in(values: readonly Operand[]): Expr<boolean | null> {
    return this.#variadic("in", values);
  }

  /** Whether both hold; false when one is false, whatever the other is. */
  and(...others: readonly Operand[]): Expr<boolean | null> {
    return this.#variadic("and", others);
  }

  /** Whether one holds; true when one is true, whatever the other is. */
  or(...others: readonly Operand[]): Expr<boolean | null> {
    return this.#variadic("or", others);
  }

  /** The opposite; null of null. */
  not(): Expr<StrictOf<boolean, T>> {
    return this.#unary("not");
  }

  /** Whether it is null; never null itself. */
  isNull(): Expr<boolean> {
    return this.#unary("isNull");
  }

  /** Whether it is not null; never null itself. */
  isNotNull(): Expr<boolean> {
    const isNull: Expr = this.isNull();
    return isNull.#unary("not");
  }

  /** Whether it is NaN. */
  isNaN(): Expr<StrictOf<boolean, T>> {
    return this.#unary("isNaN");
  }

  /** The string in lower case, by Unicode's rules of no language in particular. */
  lower(): Expr<StrictOf<string, T>> {
    return this.#unary("lower");
  }

  /** The string in upper case, by Unicode's rules of no language in particular. */
  upper(): Expr<StrictOf<string, T>> {
    return this.#unary("upper");
  }

  /** The number of code points of a string: 1 for an emoji, where `"😀".length` is 2. */
  length(): Expr<StrictOf<number, T>> {
    return this.#unary("length");
  }

  /** Whether the string begins with the other. */
  startsWith<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("startsWith", other);
  }

  /** Whether the string ends with the other. */
  endsWith<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("endsWith", other);
  }

  /** Whether the other string occurs in it. */
  contains<const O extends Operand>(other: O): Expr<StrictOf<boolean, T, ExprValue<O>>> {
    return this.#binary("contains", other);
  }

  /**
   * Whether the whole string fits the pattern: `%` is any number of characters, `_` exactly one
   * code point, and `escape` (default a backslash; `""` is none) takes the next one literally.
   *
   * @throws {RangeError} when `escape` is longer than one character or ends the pattern.
   */
  like(pattern: string, options: { escape?: string } = {}): Expr<StrictOf<boolean, T>> {
    const { escape = "\\" } = options;
    checkEscape(pattern, escape);
    const node: ExprNode = {
      op: "like",
      args: [this.#node],
      pattern: pattern.toWellFormed(),
      escape,
    };
    return new Expr(node, [this]);
  }

  /**
   * The value as another type; one that does not convert is an error that names its row.
   *
   * @throws {TypeError} when the type is none that values can be cast to.
   */
  cast<const C extends CastTarget>(type: C): Expr<CastOf<C> | NullOf<T>> {
    return new Expr({ op: "cast", args: [this.#node], type: castType(type) }, [this]);
  }

  /**
   * The value as another type; null where it does not convert.
   *
   * @throws {TypeError} when the type is none that values can be cast to.
   */
  tryCast<const C extends CastTarget>(type: C): Expr<CastOf<C> | null> {
    return new Expr({ op: "tryCast", args: [this.#node], type: castType(type) }, [this]);
  }

  /** A part of a struct; null of null. */
  field<const K extends string>(
    name: K,
  ): Expr<T extends { readonly [_ in K]: infer V } ? V : unknown> {
    return new Expr({ op: "field", args: [this.#node], name }, [this]);
  }

  /**
   * The start of the unit that the time lies in, in UTC; weeks start on Monday.
   *
   * @throws {RangeError} when there is no such unit.
   */
  truncate(unit: TimeUnit): Expr<T> {
    checkOneOf("unit", { value: unit, among: TIME_UNITS });
    return new Expr<T>({ op: "truncate", args: [this.#node], unit }, [this]);
  }

  /**
   * A part of the time in UTC: `month` from 1, `dayOfWeek` from 1 for Monday to 7 for Sunday.
   *
   * @throws {RangeError} when there is no such part.
   */
  extract(part: TimePart): Expr<StrictOf<number, T>> {
    checkOneOf("part", { value: part, among: TIME_PARTS });
    return new Expr({ op: "extract", args: [this.#node], part }, [this]);
  }

  /** The expression as plain data, for `JSON.stringify`; {@linkcode expressionFromJson} reads it. */
  toJSON(): ExprNode {
    return this.#node;
  }

  /** The expression as one would write it, cut when it is long. */
  toString(): string {
    return printExpression(this.#node);
  }

  /** How `console.log` shows the expression. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  #unary<R>(op: UnaryOp): Expr<R> {
    return new Expr<R>({ op, args: [this.#node] }, [this]);
  }

  #binary<R>(op: BinaryOp, other: Operand): Expr<R> {
    const right = toExpr(other);
    return new Expr<R>({ op, args: [this.#node, right.#node] }, [this, right]);
  }

  #variadic<R>(op: "between" | "in" | "and" | "or", others: readonly Operand[]): Expr<R> {
    const flat = op === "and" || op === "or" ? this.#parts(op) : [this as Expr];
    const all = [...flat, ...others.map(toExpr)];
    return new Expr<R>({ op, args: all.map((arg) => arg.#node) }, all);
  }

  // a.and(b).and(c) is one level, so that a long chain does not count as deep
  #parts(op: "and" | "or"): readonly Expr[] {
    return this.#node.op === op ? this.#args : [this];
  }

  /** Whether a value is an expression, of this very class. */
  static is(value: unknown): value is Expr {
    return typeof value === "object" && value !== null && #node in value;
  }
}

/** Whether `value` is an expression. */
export function isExpression(value: unknown): value is Expr {
  return Expr.is(value);
}

/** The expression itself, or the constant as one. */
export function toExpr(operand: unknown): Expr {
  return Expr.is(operand) ? operand : new Expr(literalNode(operand));
}
