import { COMPARISON_SIGNS } from "../../batch/expressions/comparison_signs.ts";
import { constantOf } from "../../batch/expressions/literal.ts";
import { argsOf, type ExprNode } from "../../batch/expressions/node.ts";
import { printExpression } from "../../batch/expressions/print.ts";
import { showName } from "../../batch/shown_names.ts";
import { DAY_MS } from "../../batch/time_range.ts";

/** More values, or parts, are not listed. */
const MOST_LISTED = 10;
const MOST_CHARACTERS = 160;

/** A constant as rows have it, times as texts. */
function valueText(node: ExprNode): string | undefined {
  if (node.op === "cast") {
    const [inner] = node.args;
    const value = inner.op === "lit" ? constantOf(inner).value : undefined;
    if (typeof value === "number" && node.type.kind === "date") {
      return isoOf(value * DAY_MS)?.slice(0, 10);
    }
    if (typeof value === "number" && node.type.kind === "time") {
      return isoOf(value)?.slice(11, 23);
    }
    return typeof value === "string" && node.type.kind === "decimal" ? value : undefined;
  }
  if (node.op !== "lit") return undefined;
  const { kind, value } = constantOf(node);
  if (kind === "timestamp") return isoOf(value);
  if (kind === "utf8") return showName(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function isoOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function operand(node: ExprNode): string {
  return node.op === "col" ? showName(node.name) : valueText(node) ?? printExpression(node);
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MOST_LISTED;
  return texts.slice(0, MOST_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** A condition with a `not` before its operator where it is turned round. */
function test(node: ExprNode, not: "" | "not "): string | undefined {
  const [self, ...others] = argsOf(node);
  switch (node.op) {
    case "isNull":
      return `${operand(self)} is ${not}null`;
    case "between":
      return `${operand(self)} ${not}between ${others.map(operand).join(" and ")}`;
    case "in":
      return `${operand(self)} ${not}in (${listed(others.map(operand))})`;
    case "like":
      return `${operand(self)} ${not}like ${showName(node.pattern)}`;
  }
  return undefined;
}

function part(node: ExprNode): string {
  return node.op === "and" || node.op === "or" ? `(${plain(node)})` : plain(node);
}

function plain(node: ExprNode): string {
  const args = argsOf(node);
  if (Object.hasOwn(COMPARISON_SIGNS, node.op)) {
    return args.map(operand).join(` ${COMPARISON_SIGNS[node.op]} `);
  }
  if (node.op === "and" || node.op === "or") {
    const more = args.length > MOST_LISTED ? ` ${node.op} …` : "";
    return args.slice(0, MOST_LISTED).map(part).join(` ${node.op} `) + more;
  }
  if (node.op === "not") {
    const [inner] = args;
    return test(inner, "not ") ??
      (inner.op === "col" ? `not ${operand(inner)}` : `not (${plain(inner)})`);
  }
  return test(node, "") ?? operand(node);
}

/**
 * A condition as people write it, whatever notation it came in: `"date" > 2030-01-01T00:00:00.000Z`;
 * cut after some 160 characters.
 */
export function plainCondition(node: ExprNode): string {
  const text = plain(node);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
