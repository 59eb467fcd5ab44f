/**
 * What we use of `@std/assert`, over `node:assert/strict`, for places that cannot reach JSR.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";

export { AssertionError } from "node:assert/strict";

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message = ""): asserts condition {
  nodeAssert.ok(condition, message || undefined);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

// deno-lint-ignore no-explicit-any -- a constructor of any shape, as @std/assert has it
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function check<E extends Error>(error: unknown, type?: ErrorClass<E>, part?: string): E {
  nodeAssert.ok(error instanceof Error, `Expected an Error, received ${String(error)}`);
  if (type) {
    nodeAssert.ok(
      error instanceof type,
      `Expected ${type.name}, received ${error.name}: ${error.message}`,
    );
  }
  if (part !== undefined) {
    nodeAssert.ok(
      error.message.includes(part),
      `Expected a message with "${part}", received "${error.message}"`,
    );
  }
  return error as E;
}

/** Fails unless `fn` throws, an instance of `type` with `part` in its message. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: ErrorClass<E>,
  part?: string,
): E {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    return check(thrown = error, type, part);
  }
  throw new nodeAssert.AssertionError({ message: "Expected function to throw.", actual: thrown });
}

/** Fails unless `fn` gives a promise that rejects, as {@linkcode assertThrows}. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: ErrorClass<E>,
  part?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return check(error, type, part);
  }
  throw new nodeAssert.AssertionError({ message: "Expected function to reject." });
}

/** Fails when both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, message);
}

/** Fails unless both are the same value by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, message);
}

/** Fails unless `actual` has `expected` in it. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  nodeAssert.ok(actual.includes(expected), message ?? `Expected "${actual}" to have "${expected}"`);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  nodeAssert.match(actual, expected, message);
}

/** Fails unless `actual` is within `tolerance` (default 1e-7 relative) of `expected`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  nodeAssert.ok(
    Math.abs(expected - actual) <= allowed,
    `Expected ${actual} to be within ${allowed} of ${expected}`,
  );
}
