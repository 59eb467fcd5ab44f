import type { ValueOf } from "../schema.ts";
import type { Expr } from "./expr.ts";
import type { Literal } from "./literal.ts";

/** What an operator takes: an expression, or a constant. */
export type Operand = Expr | Literal;

/** What the values of an expression or constant are in rows. */
export type ExprValue<O> = O extends Expr<infer T> ? T
  : O extends Date ? number
  : O extends string ? string
  : O extends number ? number
  : O extends bigint ? bigint
  : O extends boolean ? boolean
  : O extends null ? null
  : unknown;

/** `null` when a value of type `T` may be null; of the type `unknown` it may. */
export type NullOf<T> = null extends T ? null : never;

/** The value of an arithmetic operator: a bigint where both sides are, a number where none is. */
export type ArithmeticOf<A, B> =
  | (NonNullable<A> | NonNullable<B> extends bigint ? bigint
    : bigint extends A | B ? bigint | number
    : number)
  | NullOf<A>
  | NullOf<B>;

/** The value of an operator that yields `R`, or null where an argument is null. */
export type StrictOf<R, A, B = never> = R | NullOf<A> | NullOf<B>;

/** What a cast to `C` yields in rows. */
export type CastOf<C> = C extends "bool" ? boolean
  : C extends "i64" ? bigint
  : C extends "utf8" | "dict" ? string
  : C extends string ? number
  : ValueOf<C>;
