import { type ExprNode, MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_NODES } from "./node.ts";

/** The most digits after the point that `round` takes: a double holds no more. */
const MAX_ROUND_DIGITS = 15;

/**
 * Checks the digits of `round`.
 *
 * @throws {RangeError} unless they are a whole number from 0 to {@linkcode MAX_ROUND_DIGITS}.
 */
export function checkDigits(digits: unknown): asserts digits is number {
  if (!(Number.isInteger(digits) && Number(digits) >= 0 && Number(digits) <= MAX_ROUND_DIGITS)) {
    throw new RangeError(
      `Cannot make expression: round takes 0 to ${MAX_ROUND_DIGITS} digits, ` +
        `received ${String(digits)}`,
    );
  }
}

/**
 * Checks the escape character of `like`.
 *
 * @throws {RangeError} when it is longer than one code point, or ends the pattern.
 */
export function checkEscape(pattern: string, escape: string): void {
  if ([...escape].length > 1 || escape === "%" || escape === "_") {
    throw new RangeError(
      `Cannot make expression: the escape of like() is one character other than % and _, or "" ` +
        `for none, received ${JSON.stringify(escape)}`,
    );
  }
  if (escape === "") return;
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    if (characters[at] !== escape) continue;
    at++;
    if (at === characters.length) {
      throw new RangeError(
        `Cannot make expression: the pattern of like() ends in its escape character, received ` +
          `${JSON.stringify(pattern)}; double it to mean the character itself`,
      );
    }
  }
}

/**
 * Checks a word against a closed list.
 *
 * @throws {RangeError} that shows the list.
 */
export function checkOneOf(
  what: string,
  { value, among }: { value: unknown; among: readonly string[] },
): void {
  if (!among.includes(value as string)) {
    throw new RangeError(
      `Cannot make expression: ${what} must be one of ${among.join(", ")}, ` +
        `received ${String(value)}`,
    );
  }
}

/** How large an expression is. */
export interface ExpressionSize {
  /** Levels. */
  readonly depth: number;
  readonly nodes: number;
}

/**
 * Checks how large an expression is.
 *
 * @throws {RangeError} that says how to make it smaller.
 */
export function checkSize({ op }: ExprNode, args: number, { depth, nodes }: ExpressionSize): void {
  if (depth > MAX_EXPRESSION_DEPTH) {
    throw new RangeError(
      `Cannot make expression: nested deeper than ${MAX_EXPRESSION_DEPTH} levels; put the parts ` +
        `into one and(), or(), in() or concat() instead of a chain`,
    );
  }
  if (nodes <= MAX_EXPRESSION_NODES) return;
  const [what, remedy] = op === "in"
    ? [
      `in() of ${args - 1} values makes `,
      `look for some of the values in a select() of its own and for the rest in the next one, ` +
      `joined by or(), or filter by a Set before the rows come here`,
    ]
    : ["", "compute parts of it first, in a select() of their own"];
  throw new RangeError(
    `Cannot make expression: ${what}more than ${MAX_EXPRESSION_NODES} nodes; ${remedy}`,
  );
}
