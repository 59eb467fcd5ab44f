import { Expr, toExpr } from "./expr.ts";
import type { ExprValue, Operand } from "./expr_types.ts";

/** A condition that waits for its result. */
export interface Condition<T> {
  /** What the value is where the condition is true. */
  then<const O extends Operand>(result: O): WhenExpr<T | ExprValue<O>>;
}

/** A choice by conditions, the first true one; null where none is, until `otherwise` is called. */
export class WhenExpr<T> extends Expr<T | null> {
  readonly #pairs: readonly Expr[];

  /** Use {@linkcode when}. */
  constructor(pairs: readonly Expr[]) {
    const all = [...pairs, toExpr(null)];
    super({ op: "when", args: all.map((e) => e.node) }, all);
    this.#pairs = pairs;
  }

  /** Adds a condition, asked where those before it are false or null. */
  when(condition: Operand): Condition<T> {
    return waiting<T>(this.#pairs, condition);
  }

  /** What the value is where no condition is true. */
  otherwise<const O extends Operand>(result: O): Expr<T | ExprValue<O>> {
    const all = [...this.#pairs, toExpr(result)];
    return new Expr<T | ExprValue<O>>({ op: "when", args: all.map((e) => e.node) }, all);
  }
}

function waiting<T>(pairs: readonly Expr[], condition: Operand): Condition<T> {
  const asked = toExpr(condition);
  return {
    then<const O extends Operand>(result: O): WhenExpr<T | ExprValue<O>> {
      return new WhenExpr([...pairs, asked, toExpr(result)]);
    },
  };
}

/**
 * Begins a choice: `when(condition).then(result)`, any number of `.when(…).then(…)`, and
 * `.otherwise(result)`. A null condition counts as false. Results that are not chosen are not
 * evaluated, so their errors do not count.
 *
 * @example
 * ```ts
 * import { col, evaluateRow, when } from "@waggle/stream";
 *
 * const alert = when(col("f").gt(100)).then("HIGH").when(col("f").lt(32)).then("LOW")
 *   .otherwise("NORMAL");
 * console.log(evaluateRow(alert, { f: 20 })); // LOW
 * ```
 */
export function when(condition: Operand): Condition<never> {
  return waiting<never>([], condition);
}
