/**
 * Expressions: computations over columns, written as data.
 *
 * @module
 */
export * from "./builders.ts";
export type { CastName, CastTarget } from "./cast_target.ts";
export { typeOf, type UnknownColumns } from "./check.ts";
export { compile, type CompileOptions } from "./compile.ts";
export * from "./evaluate_row.ts";
export type { Clock } from "./evaluator.ts";
export { Expr, type EXPR_VALUE, isExpression } from "./expr.ts";
export type { ArithmeticOf, CastOf, ExprValue, NullOf, Operand, StrictOf } from "./expr_types.ts";
export { expressionFromJson } from "./json.ts";
export type { Literal } from "./literal.ts";
export {
  type BINARY_OPS,
  type BinaryOp,
  type CallNode,
  type CastNode,
  type ColumnNode,
  type ExprNode,
  type ExtractNode,
  type FieldNode,
  type LikeNode,
  type LiteralNode,
  type NowNode,
  type RoundNode,
  type StructNode,
  TIME_PARTS,
  TIME_UNITS,
  type TimePart,
  type TimeUnit,
  type TruncateNode,
  type UNARY_OPS,
  type UnaryOp,
  type VARIADIC_OPS,
  type VariadicOp,
} from "./node.ts";
export type { Columns, EvaluationContext, Plan } from "./plan.ts";
export { type Condition, when, WhenExpr } from "./when.ts";
