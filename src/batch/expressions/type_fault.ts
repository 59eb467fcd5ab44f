import type { ExprNode } from "./node.ts";
import { printExpression } from "./print.ts";

/** The error of an expression that does not fit the types of its columns. */
export function typeFault(node: ExprNode, why: string, fix: string): TypeError {
  return new TypeError(`Cannot use ${printExpression(node)}: ${why}; ${fix}`);
}
