import type { Schema } from "../batch/schema.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { WindowOperator } from "../windows/window_operator.ts";
import { loadFunction } from "./user_function.ts";

/** What an operator is made with. */
export interface OperatorContext {
  /** Of the rows that come. */
  readonly schema: Schema;
  /** Column of event times, ms. */
  readonly time: string;
  readonly keys: readonly string[];
  /** Where loops may run. */
  readonly kernel: Kernel;
}

/** How an operator comes about in a bee, as plain data. */
export interface OperatorSpec {
  /** An export of a module that makes operators. */
  readonly kind: "module";
  readonly url: string;
  readonly export: string;
  /** What that is called with. */
  readonly options: unknown;
  /** Of what the operators give. */
  readonly resultSchema: Schema;
}

/** Loads what makes operators inside a bee. */
export async function loadOperator(
  spec: OperatorSpec,
): Promise<(context: OperatorContext) => WindowOperator> {
  const make = await loadFunction(spec);
  return (context) => make(spec.options, context) as WindowOperator;
}
