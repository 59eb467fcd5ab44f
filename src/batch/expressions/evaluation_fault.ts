import type { Checked } from "./checked.ts";
import { printExpression } from "./print.ts";
import type { Value } from "./values.ts";

const SHOWN_CHARACTERS = 60;

/** The error of a row for which an expression has no value. */
export function faultOf({ node }: Checked, why: string): RangeError {
  return new RangeError(`Cannot evaluate ${printExpression(node)}: ${why}`);
}

/** A value for an error message. */
export function shown(value: Value): string {
  const text = typeof value === "string"
    ? JSON.stringify(value)
    : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
