import type { Schema } from "../schema.ts";
import { check } from "./check.ts";
import type { Checked } from "./checked.ts";
import { expressionFromJson } from "./json.ts";
import { kernelResult } from "./kernel_plan.ts";
import { isTrue, Lowering, representationOf } from "./lowering.ts";
import type { ExprNode } from "./node.ts";
import { printExpression } from "./print.ts";
import { pathOf, TraitsOf } from "./traits.ts";

/** Where a part of an expression is computed. */
export type Place =
  /** Columns at a time, in WebAssembly. */
  | "kernel"
  /** Row by row. */
  | "JavaScript"
  /** Once for each entry of a dictionary in JavaScript; rows look it up in the kernel. */
  | "dictionary"
  /** Not at all: a column is handed on as it is. */
  | "handed on";

/** A part of an expression, with where and why there it is computed. */
export interface Placement {
  readonly text: string;
  readonly place: Place;
  /** Which column of what `struct()` makes it belongs to. */
  readonly name?: string;
  /** Why not in the kernel. */
  readonly why?: string;
}

/** Where the plan that {@linkcode compileIn} makes computes a condition: the whole first. */
export function placesOfCondition(node: ExprNode, schema: Schema): Placement[] {
  const checked = check(expressionFromJson(node), schema);
  const clocked = byTheClock(checked);
  if (clocked) return clocked;
  if (checked.type.kind !== "bool") return [inJavaScript(checked)];
  const lowering = new Lowering();
  lowering.put(lowering.register(isTrue(checked))!, { kind: "bool" });
  return placesIn(lowering, checked);
}

/** As {@linkcode placesOfCondition}, of values: parts of a struct with their own behind them. */
export function placesOfValue(node: ExprNode, schema: Schema): Placement[] {
  const checked = check(expressionFromJson(node), schema);
  return byTheClock(checked) ?? placesOfPart(checked);
}

/** A plan that asks for the time without being given one leaves everything to the host. */
function byTheClock(checked: Checked): Placement[] | undefined {
  if (!new TraitsOf().of(checked).now) return undefined;
  const why = "it asks for now(), which nobody gives here: every row is a bad record";
  return [{ text: printExpression(checked.node), place: "JavaScript", why }];
}

function placesOfPart(checked: Checked): Placement[] {
  if (checked.node.op === "struct" && checked.op === "struct") {
    const { names } = checked.node;
    return checked.args.flatMap((arg, at) =>
      placesOfPart(arg).map((part) => within(names[at], part))
    );
  }
  if (pathOf(checked)) return [{ text: printExpression(checked.node), place: "handed on" }];
  const lowering = new Lowering();
  return kernelResult(checked, lowering) ? placesIn(lowering, checked) : [inJavaScript(checked)];
}

function within(name: string, part: Placement): Placement {
  return { ...part, name: part.name === undefined ? name : `${name}.${part.name}` };
}

/** What a program computes, and what the host computes for it. */
function placesIn(lowering: Lowering, checked: Checked): Placement[] {
  const assembled = lowering.assemble();
  // What was tried and given up stands in no instruction.
  const host = lowering.columns.flatMap(({ source, register }) =>
    "op" in source && assembled.registerOf(register) !== undefined ? [source] : []
  );
  const lifted = lowering.tables.flatMap(({ checked, gather }) =>
    checked.op !== "col" && assembled.instructionOf(gather) !== undefined ? [checked] : []
  );
  if (host.includes(checked)) return [inJavaScript(checked)];
  if (lifted.includes(checked)) return [inDictionary(checked)];
  const text = printExpression(checked.node);
  return [{ text, place: "kernel" }, ...host.map(inJavaScript), ...lifted.map(inDictionary)];
}

function inDictionary({ node }: Checked): Placement {
  const why = "it uses one dictionary column alone, whose entries are fewer than its rows";
  return { text: printExpression(node), place: "dictionary", why };
}

function inJavaScript(checked: Checked): Placement {
  const odd = [checked, ...checked.args].find(({ type }) => representationOf(type) === undefined);
  const why = odd
    ? `the kernel has no values of ${odd.type.kind}`
    : `the kernel has no loop for ${checked.op} of ${checked.args[0].type.kind}`;
  return { text: printExpression(checked.node), place: "JavaScript", why };
}
