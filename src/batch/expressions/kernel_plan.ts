import type { Kernel } from "../../kernel/kernel.ts";
import { bitmapBytes, clearBit, countZeros, fullBitmap } from "../bitmap.ts";
import type { Column } from "../column.ts";
import { columnOf } from "../column_of.ts";
import { takeColumn } from "../column_ops.ts";
import { RecordBatch } from "../record_batch.ts";
import type { DataType, Schema } from "../schema.ts";
import { BatchRows } from "./batch_rows.ts";
import { resultType } from "./check.ts";
import type { Checked } from "./checked.ts";
import { columnAt } from "./columns_at.ts";
import { type Evaluator, evaluatorOf } from "./evaluator.ts";
import { isTrue, Lowering, type StringSpace } from "./lowering.ts";
import { type KernelResult, Machine } from "./machine.ts";
import type { Columns, EvaluationContext, Plan } from "./plan.ts";
import { atRow, checkColumns, checkCondition, checkStruct } from "./plan_checks.ts";
import { printExpression } from "./print.ts";
import { rowOfValue } from "./row_values.ts";
import { RowPlan } from "./row_plan.ts";
import { type ColumnPath, pathOf, TraitsOf } from "./traits.ts";
import type { Value } from "./values.ts";

/** How a result comes about: put together, handed on, computed by the kernel or by the host. */
type Output =
  | { readonly kind: "struct"; readonly type: DataType; readonly parts: readonly Output[] }
  | { readonly kind: "column"; readonly type: DataType; readonly path: ColumnPath }
  | { readonly kind: "kernel"; readonly index: number }
  | {
    readonly kind: "host";
    readonly type: DataType;
    readonly checked: Checked;
    readonly evaluate: Evaluator<number>;
  };

/** A plan whose loops run in the kernel; rows and parts that it cannot do are left to the host. */
export class KernelPlan implements Plan {
  readonly type: DataType;
  readonly #makeKernel: () => Kernel;
  #kernel: Kernel | undefined;
  readonly #schema: Schema;
  readonly #checked: Checked;
  readonly #text: string;
  readonly #asksTime: boolean;
  readonly #rows: BatchRows = new BatchRows();
  readonly #evaluator: Evaluator<number>;
  readonly #twin: RowPlan;
  #values: { output: Output; machine: Machine } | undefined;
  #filter: Machine | undefined;
  #disposed = false;

  /** A plan for batches of `schema`, for which the expression has been checked. */
  constructor(checked: Checked, { schema, kernel }: { schema: Schema; kernel: () => Kernel }) {
    this.type = resultType(checked.type);
    this.#makeKernel = kernel;
    this.#schema = schema;
    this.#checked = checked;
    this.#text = printExpression(checked.node);
    this.#asksTime = new TraitsOf().of(checked).now;
    this.#evaluator = evaluatorOf<number>(checked, (column) => this.#rows.few(column));
    this.#twin = new RowPlan(checked, schema);
  }

  /** As {@linkcode Plan} says. */
  evaluate(batch: Columns, context: EvaluationContext = {}): Column {
    if (this.#isForTwin(context)) return this.#twin.evaluate(batch, context);
    const { column, failed } = this.#evaluate(batch, context);
    return failed.length === 0 ? column : withNulls(column, failed);
  }

  /** As {@linkcode Plan} says. */
  filter(batch: Columns, context: EvaluationContext = {}): Int32Array {
    checkCondition(this.type, this.#text);
    const machine = this.#isForTwin(context) ? undefined : this.#filterMachine();
    if (machine === undefined) return this.#twin.filter(batch, context);
    checkColumns(batch, this.#schema);
    const failures = new Failures();
    const found: Int32Array[] = [];
    const decide = (row: number) => failures.catch(row, () => machine.decide(0, row, context));
    machine.turnTo(batch, context);
    machine.run(batch, (rows) => found.push(machine.outputs[0].trueRows(rows, decide)));
    machine.finish();
    this.#report(failures, { batch, context });
    return found.length === 1 ? found[0] : joined(found);
  }

  /** As {@linkcode Plan} says. */
  project(batch: Columns, context: EvaluationContext = {}): RecordBatch {
    const { type } = this;
    checkStruct(type, this.#text);
    if (this.#isForTwin(context)) return this.#twin.project(batch, context);
    const { column, failed } = this.#evaluate(batch, context);
    const kept = failed.length === 0 ? undefined : without(batch.length, failed);
    const { children = [] } = kept === undefined ? column : takeColumn(column, kept);
    return new RecordBatch({ fields: type.fields }, children, kept?.length ?? batch.length);
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#values?.machine[Symbol.dispose]();
    this.#filter?.[Symbol.dispose]();
    this.#values = undefined;
    this.#filter = undefined;
    this.#kernel = undefined;
    this.#disposed = true;
  }

  // without a time, rows that ask for it fail one by one, which is the twin's to say
  #isForTwin({ now }: EvaluationContext): boolean {
    if (this.#disposed) {
      throw new Error("Cannot evaluate expression: its plan has been disposed of");
    }
    return this.#asksTime && now === undefined;
  }

  #evaluate(batch: Columns, context: EvaluationContext): { column: Column; failed: number[] } {
    checkColumns(batch, this.#schema);
    const { output, machine } = this.#values ??= this.#valueMachine();
    const failures = new Failures();
    this.#rows.turnTo(batch);
    machine.turnTo(batch, context);
    for (const each of machine.outputs) each.begin(batch.length);
    machine.run(batch, (rows) => {
      machine.outputs.forEach((each, index) =>
        each.take(rows, (row) => failures.catch(row, () => machine.decide(index, row, context)))
      );
    });
    machine.finish();
    const column = this.#column(output, { batch, context, machine, failures });
    return { column, failed: this.#report(failures, { batch, context }) };
  }

  #report(
    failures: Failures,
    { batch, context }: { batch: Columns; context: EvaluationContext },
  ): number[] {
    this.#rows.turnTo(batch);
    const failed = failures.report(context, (row) => this.#evaluator(row, context));
    this.#rows.turnTo();
    return failed;
  }

  #column(output: Output, evaluation: Evaluation): Column {
    const { batch, machine } = evaluation;
    switch (output.kind) {
      case "kernel":
        return machine.outputs[output.index].finish();
      case "column":
        return { ...columnAt(batch, output.path), type: output.type };
      case "host":
        return this.#hostColumn(output, evaluation);
      default: {
        const children = output.parts.map((part) => this.#column(part, evaluation));
        return { type: output.type, length: batch.length, nullCount: 0, children };
      }
    }
  }

  #hostColumn(
    { type, checked, evaluate }: Output & { kind: "host" },
    { batch, context, failures }: Evaluation,
  ): Column {
    const convert = rowOfValue(checked.type);
    const values: unknown[] = [];
    for (let row = 0; row < batch.length; row++) {
      const value = failures.catch(row, () => evaluate(row, context)) ?? null;
      values.push(value === null || convert === undefined ? value : convert(value));
    }
    return columnOf(type, values);
  }

  #inKernel(): Kernel {
    return this.#kernel ??= this.#makeKernel();
  }

  #valueMachine(): { output: Output; machine: Machine } {
    const lowering = new Lowering();
    const results: KernelResult[] = [];
    const output = this.#output(this.#checked, { lowering, results });
    return { output, machine: new Machine(this.#inKernel(), lowering, results) };
  }

  #output(checked: Checked, to: { lowering: Lowering; results: KernelResult[] }): Output {
    const type = resultType(checked.type);
    if (checked.op === "struct") {
      return { kind: "struct", type, parts: checked.args.map((arg) => this.#output(arg, to)) };
    }
    const path = pathOf(checked);
    if (path !== undefined) return { kind: "column", type, path };
    const result = kernelResult(checked, to.lowering);
    if (result === undefined) {
      const evaluate = evaluatorOf<number>(checked, (column) => this.#rows.all(column));
      return { kind: "host", type, checked, evaluate };
    }
    return { kind: "kernel", index: to.results.push(result) - 1 };
  }

  // nothing when the condition as a whole is the host's to decide
  #filterMachine(): Machine | undefined {
    if (this.#filter !== undefined || this.#checked.type.kind !== "bool") return this.#filter;
    const lowering = new Lowering();
    const register = lowering.register(isTrue(this.#checked))!;
    const put = lowering.put(register, { kind: "bool" });
    const result = { checked: this.#checked, type: { kind: "bool" } as const, ...put };
    return this.#filter = new Machine(this.#inKernel(), lowering, [result]);
  }
}

interface Evaluation {
  readonly batch: Columns;
  readonly context: EvaluationContext;
  readonly machine: Machine;
  readonly failures: Failures;
}

/** A result that the kernel computes; `undefined` when it cannot. */
export function kernelResult(checked: Checked, lowering: Lowering): KernelResult | undefined {
  const type = resultType(checked.type);
  if (type.kind === "dict") {
    const space: StringSpace = { constants: new Map() };
    const codes = lowering.codes(checked, space);
    if (codes === undefined) return undefined;
    return { checked, type, space, ...lowering.put(codes, { kind: "codes" }) };
  }
  const register = lowering.register(checked);
  if (register === undefined) return undefined;
  return { checked, type, ...lowering.put(register, type) };
}

/** The rows that have no value. */
class Failures {
  readonly #rows = new Set<number>();

  /** What `compute` returns; `undefined` when the row fails. */
  catch(row: number, compute: () => Value): Value {
    try {
      return compute();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#rows.add(row);
      return undefined;
    }
  }

  /**
   * Hands all to the context, or throws the first; the rows, ascending. `evaluate` computes the
   * whole expression, so that of several parts that fail the first one is named.
   */
  report({ onError }: EvaluationContext, evaluate: (row: number) => Value): number[] {
    const rows = [...this.#rows].sort((a, b) => a - b);
    for (const row of rows) {
      const error = errorOf(() => evaluate(row));
      if (onError === undefined) throw atRow(error, row);
      onError(row, error);
    }
    return rows;
  }
}

function errorOf(compute: () => Value): RangeError {
  try {
    compute();
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
  throw new Error("Cannot report an evaluation that failed: it did not fail again");
}

function withNulls(column: Column, rows: readonly number[]): Column {
  const { length } = column;
  const validity = column.validity?.slice(0, bitmapBytes(length)) ?? fullBitmap(length);
  for (const row of rows) clearBit(validity, row);
  return { ...column, validity, nullCount: countZeros(validity, length) };
}

function without(length: number, failed: readonly number[]): Int32Array {
  const gone = new Set(failed);
  const kept = new Int32Array(length - gone.size);
  for (let row = 0, at = 0; row < length; row++) if (!gone.has(row)) kept[at++] = row;
  return kept;
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
