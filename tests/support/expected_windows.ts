import { assert, assertEquals } from "@std/assert";
import type { Plain } from "../../src/windows/plain_columns.ts";
import { nameOf, type PlainResult } from "./window_cases.ts";
import type { Expected } from "./window_oracle.ts";

function assertClose(actual: Plain, { value, error }: Expected, what: string): void {
  if (Object.is(actual, value) || (error === 0 && actual === value)) return;
  if (Number.isNaN(error)) return assert(typeof actual === "number", `${what}: ${actual}`);
  const difference = Math.abs(Number(actual) - Number(value));
  assert(actual !== null && value !== null && difference <= error, `${what}: ${actual}, ${value}`);
}

/** Holds windows or sessions to what an oracle expects of them, by their names, each once. */
export function assertResults(
  results: readonly PlainResult[],
  expected: ReadonlyMap<string, Expected[]>,
): void {
  const left = new Map(expected);
  for (const { keys, values, ...window } of results) {
    const name = nameOf(window, keys);
    const wanted = left.get(name);
    assert(wanted !== undefined, `${name} is not expected, or came twice`);
    values.forEach((value, index) => assertClose(value, wanted[index], `${name} [${index}]`));
    left.delete(name);
  }
  assertEquals([...left.keys()], []);
}
