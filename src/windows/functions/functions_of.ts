import type { DataType, Schema } from "../../batch/schema.ts";
import { several } from "../../batch/several.ts";
import { isNumberType, resultTypeOf } from "../../kernel/window_check.ts";
import { SPREADS } from "../../kernel/window_layout.ts";
import type { AggregateOp, ValueType } from "../../kernel/window_types.ts";
import type { AggregateSpec } from "../aggregate.ts";
import type { AggregateFunction } from "../aggregate_function.ts";
import { isKernelOp, type OrderedOp } from "../aggregate_place.ts";
import { canTake } from "../aggregate_types.ts";
import type { Aggregates } from "../aggregates.ts";
import { checkedColumn, operandText } from "../plan.ts";
import { ApproxCountDistinctFunction } from "./approx_count_distinct_function.ts";
import { ChoiceFunction } from "./choice_function.ts";
import { CountDistinctFunction } from "./count_distinct_function.ts";
import { CountFunction } from "./count_function.ts";
import { isComparable } from "./distinct_values.ts";
import { DoubleSumFunction } from "./double_sum_function.ts";
import { EdgeFunction } from "./edge_function.ts";
import { ExtremeFunction } from "./extreme_function.ts";
import { FoldFunction } from "./fold_function.ts";
import { HistogramFunction } from "./histogram_function.ts";
import { IntegerSumFunction } from "./integer_sum_function.ts";
import { JointFunction } from "./joint_function.ts";
import { operandOf } from "./operand.ts";
import { QuantileFunction } from "./quantile_function.ts";
import { RangeFunction } from "./range_function.ts";
import { RankedFunction } from "./ranked_function.ts";
import { RowsFunction } from "./rows_function.ts";
import { SpreadFunction } from "./spread_function.ts";
import { TopKFunction } from "./top_k_function.ts";
import { UserAggregate, type UserAggregateShape } from "./user_aggregate.ts";
import type { LoadedFunctions, UserFunctions } from "./user_functions.ts";

/** An aggregate, by the name of its result column, and what it is to be made of. */
interface Asked {
  readonly name: string;
  readonly spec: AggregateSpec;
  readonly schema: Schema;
  readonly loaded: LoadedFunctions;
}

/**
 * Aggregates as they are computed in JavaScript, by the names of their result columns, in their
 * order. Those that the kernel computes too give the same as there, to the bit when they get the
 * same rows in the same order.
 *
 * @param schema Of the batches; text may come as `dict` or `utf8`, whichever it says.
 * @param loaded The functions of users' aggregates.
 * @throws {TypeError} when a column is not there or has a type that the aggregate cannot be taken
 *   of, or functions were not loaded.
 */
export function functionsOf(
  aggregates: Aggregates,
  schema: Schema,
  loaded: LoadedFunctions = new Map(),
): ReadonlyMap<string, AggregateFunction> {
  return new Map(
    Object.entries(aggregates).map(([name, spec]) => {
      return [name, functionOf({ name, spec, schema, loaded })];
    }),
  );
}

function functionOf(asked: Asked): AggregateFunction {
  const { spec, schema } = asked;
  const { op } = spec;
  if (!isKernelOp(op)) return ORDERED[op](asked);
  if (spec.column === undefined) return new CountFunction();
  const column = checkedColumn(spec, schema, "of");
  if (op === "count") return new CountFunction(column);
  const { type } = schema.fields[column];
  return spec.by === undefined
    ? ofColumn(op, column, type)
    : ofPair(op, [column, checkedColumn(spec, schema, "by")], schema);
}

function ofColumn(op: AggregateOp, column: number, type: DataType): AggregateFunction {
  const spread = SPREADS.get(op);
  if (spread) return new SpreadFunction(column, spread);
  if (op === "first" || op === "last") return new EdgeFunction(column, type, op === "first");
  if (op === "min" || op === "max") {
    return isNumberType(type, op)
      ? new RangeFunction(column, type, op === "min")
      : new ExtremeFunction(column, type, op === "min");
  }
  const result = resultTypeOf(op, type as ValueType) as DataType;
  return type.kind === "f64" || type.kind === "f32"
    ? new DoubleSumFunction(column, op === "mean")
    : new IntegerSumFunction(column, result);
}

function ofPair(
  op: AggregateOp,
  columns: readonly [of: number, by: number],
  { fields }: Schema,
): AggregateFunction {
  if (op === "covariance" || op === "correlation") {
    return new JointFunction(columns, op === "covariance");
  }
  const [of, by] = columns.map((at) => fields[at].type);
  return new ChoiceFunction(columns, { of, by }, op === "argMin");
}

const ORDERED: Readonly<Record<OrderedOp, (asked: Asked) => AggregateFunction>> = {
  countDistinct(asked) {
    const { limit = Infinity } = asked.spec.options ?? {};
    const beyond = () => tooMany(asked, limit, ", or take approxCountDistinct()");
    return new CountDistinctFunction(comparableColumn(asked), { limit, beyond });
  },
  approxCountDistinct: (asked) => new ApproxCountDistinctFunction(comparableColumn(asked)),
  quantile: (asked) => quantileFunction(asked, true),
  quantiles: (asked) => quantileFunction(asked, false),
  topK(asked) {
    const column = comparableColumn(asked);
    const { k = 1, counters = k } = asked.spec.options ?? {};
    return new TopKFunction(column, asked.schema.fields[column].type, { k, counters });
  },
  highest: (asked) => rankedFunction(asked, false),
  lowest: (asked) => rankedFunction(asked, true),
  histogram: (asked) =>
    new HistogramFunction(numberColumn(asked), asked.spec.options?.bounds ?? []),
  collect(asked) {
    const { limit = Infinity, onLimit } = asked.spec.options ?? {};
    const operand = operandFor(asked);
    return new RowsFunction(operand, {
      type: { kind: "list", item: operand.type },
      nullable: false,
      limit,
      ...(onLimit !== "first" &&
        { beyond: () => tooMany(asked, limit, ', or pass onLimit: "first"') }),
      result: (values) => values,
    });
  },
  aggregateOf: (asked) =>
    new UserAggregate(operandFor(asked), functionsFor(asked), shapeFor(asked)),
  reduce: (asked) => new FoldFunction(operandFor(asked), functionsFor(asked).add!, shapeFor(asked)),
  aggregateRows: (asked) => rowsFunction(asked, functionsFor(asked).result!),
  foldRows: (asked) => {
    const { initialValue } = asked.spec.options ?? {};
    const add = functionsFor(asked).add!;
    return rowsFunction(
      asked,
      (values) => values.reduce(add, structuredClone(initialValue)),
    );
  },
};

/** What is made of all values in the order in which they came. */
function rowsFunction(
  asked: Asked,
  result: (values: readonly unknown[]) => unknown,
): AggregateFunction {
  const { limit = Infinity } = asked.spec.options ?? {};
  return new RowsFunction(operandFor(asked), {
    type: shapeFor(asked).type,
    nullable: true,
    limit,
    beyond: () => tooMany(asked, limit),
    result: (values) => result(values) ?? null,
  });
}

function quantileFunction(asked: Asked, isOne: boolean): AggregateFunction {
  return new QuantileFunction(numberColumn(asked), asked.spec.options?.quantiles ?? [], isOne);
}

function rankedFunction(asked: Asked, isLeast: boolean): AggregateFunction {
  const { k: n = 1 } = asked.spec.options ?? {};
  const by = rankColumn(asked);
  const { type } = asked.schema.fields[by];
  return new RankedFunction(operandFor(asked), { by, type, n, isLeast });
}

/** The column by which rows are chosen. */
function rankColumn({ spec, schema }: Asked): number {
  const column = checkedColumn(spec, schema, "by");
  const { type } = schema.fields[column];
  if (canTake("argMax", "by", type)) return column;
  throw new TypeError(
    `Cannot take ${spec.op} by ${operandText(spec, spec.by!)}: it must be a number, timestamp, ` +
      `date, time, bool, text, bytes or decimal, received ${type.kind}; take a part of that`,
  );
}

/** The column of an aggregate of numbers; of times it makes no more sense than a mean does. */
function numberColumn({ spec, schema }: Asked): number {
  const column = checkedColumn(spec, schema, "of");
  const { type } = schema.fields[column];
  if (isNumberType(type, "mean")) return column;
  throw new TypeError(
    `Cannot take ${spec.op} of ${operandText(spec, spec.column!)}: it must be a number, received ` +
      `${type.kind}; cast it first`,
  );
}

/** The column of an aggregate that tells values from each other. */
function comparableColumn({ spec, schema }: Asked): number {
  const column = checkedColumn(spec, schema, "of");
  const { type } = schema.fields[column];
  if (isComparable(type)) return column;
  throw new TypeError(
    `Cannot take ${spec.op} of ${
      operandText(spec, spec.column!)
    }: it must be a number, timestamp, ` +
      `date, time, bool, text, bytes or decimal, received ${type.kind}; take it of a part of that`,
  );
}

function operandFor({ spec, schema }: Asked) {
  return operandOf(spec, schema);
}

/** What a function of a user gives can be anything, unless its type is told. */
function shapeFor({ name, spec }: Asked): UserAggregateShape {
  return { name, type: spec.options?.type ?? { kind: "mixed" } };
}

function functionsFor({ name, loaded }: Asked): UserFunctions {
  const functions = loaded.get(name);
  if (functions) return functions;
  throw new TypeError(`Cannot compute ${JSON.stringify(name)}: its functions were not loaded`);
}

function tooMany({ name, spec: { op } }: Asked, limit: number, more = ""): RangeError {
  return new RangeError(
    `Cannot compute ${JSON.stringify(name)}: ${op} keeps at most ${
      several(limit, "value")
    } in a window and ` +
      `key, received more; raise the option limit, ${
        more ? "use" : "or use"
      } smaller windows${more}`,
  );
}
