import type { Schema } from "../batch/schema.ts";
import { lateModule } from "../runtime/late_module.ts";
import type { OperatorContext, OperatorSpec } from "./operator_loader.ts";

type SchemaOf = (spec: OperatorSpec, context: OperatorContext) => Schema;

let schemaOf: SchemaOf | undefined;

/** Tells what operators give from here on; `operator_loader.ts` says so when it is loaded. */
export function offerOperators(of: SchemaOf): void {
  schemaOf = of;
}

/** Loads all operators, in a program that was not loaded with them. */
export async function loadOperators(): Promise<void> {
  if (schemaOf) return;
  const url = new URL("./operator_loader.ts", import.meta.url);
  await lateModule<typeof import("./operator_loader.ts")>(url);
}

/**
 * What the results of an operator are, without what tells their order. Only where operators are
 * loaded, as with `from()`, or by {@linkcode loadOperators}.
 *
 * @throws {TypeError} when the columns do not fit it.
 */
export function operatorSchema(spec: OperatorSpec, context: OperatorContext): Schema {
  if (schemaOf) return schemaOf(spec, context);
  throw new Error("The columns of an operator were asked for before operators were loaded");
}
