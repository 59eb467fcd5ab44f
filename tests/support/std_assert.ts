/**
 * What we use of `@std/assert`, over `node:assert/strict`, for places that cannot reach JSR.
 *
 * Names, signatures and semantics are those that `@std/assert` 1 documents; only the wording of
 * the failures is our own.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";
import { inspect } from "node:util";
import { equal } from "./equal.ts";

export { equal };

const RELATIVE_TOLERANCE = 1e-7;

/** The error that every failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any -- a constructor of any shape, as @std/assert has it
type Constructor<T> = abstract new (...args: any[]) => T;
type Falsy = false | 0 | 0n | "" | null | undefined;

function throwUnless(condition: boolean, expectation: string, message?: string): void {
  if (!condition) throw new AssertionError(message ? `${expectation}: ${message}` : expectation);
}

/** Runs a check of `node:assert`, and gives its failure, which shows a diff, as one of ours. */
function rethrow(check: () => void, otherwise: string, message?: string): never {
  let text = otherwise;
  try {
    check();
  } catch (error) {
    text = (error as Error).message;
  }
  throw new AssertionError(message ? `${message}\n${text}` : text);
}

/** Fails unless the value is truthy. */
export function assert(expr: unknown, message = ""): asserts expr {
  if (!expr) throw new AssertionError(message);
}

/** Fails unless the value is falsy. */
export function assertFalse(expr: unknown, message?: string): asserts expr is Falsy {
  throwUnless(!expr, `Expected a falsy value, received ${inspect(expr)}`, message);
}

/** Fails when the value is `null` or `undefined`. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  throwUnless(
    actual !== null && actual !== undefined,
    `Expected a value, received ${actual}`,
    message,
  );
}

/** Fails unless both are deeply equal, as {@linkcode equal} has it. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  rethrow(
    () => nodeAssert.deepStrictEqual(actual, expected),
    `Expected ${inspect(actual)} to equal ${inspect(expected)}`,
    message,
  );
}

/** Fails when both are deeply equal, as {@linkcode equal} has it. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  throwUnless(
    !equal(actual, expected),
    `Expected anything but ${inspect(expected)}`,
    message,
  );
}

/** Fails unless both are the same value by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  rethrow(
    () => nodeAssert.strictEqual(actual, expected),
    `Expected ${inspect(actual)} to be ${inspect(expected)}`,
    message,
  );
}

/** Fails when both are the same value by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  throwUnless(
    !Object.is(actual, expected),
    `Expected anything but ${inspect(expected)}`,
    message,
  );
}

/** Fails unless two numbers are within `tolerance`, by default 1e-7 of the expected one. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected)
    ? Math.abs(expected * RELATIVE_TOLERANCE)
    : RELATIVE_TOLERANCE,
  message?: string,
): void {
  throwUnless(
    Object.is(actual, expected) || Math.abs(expected - actual) <= tolerance,
    `Expected ${actual} to be within ${tolerance} of ${expected}`,
    message,
  );
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  throwUnless(actual > expected, `Expected ${actual} > ${expected}`, message);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  throwUnless(actual >= expected, `Expected ${actual} >= ${expected}`, message);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  throwUnless(actual < expected, `Expected ${actual} < ${expected}`, message);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  throwUnless(actual <= expected, `Expected ${actual} <= ${expected}`, message);
}

/** Fails unless the text has the part in it. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  throwUnless(
    actual.includes(expected),
    `Expected ${inspect(actual)} to include ${inspect(expected)}`,
    message,
  );
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  throwUnless(expected.test(actual), `Expected ${inspect(actual)} to match ${expected}`, message);
}

/** Fails when the text matches. */
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  throwUnless(
    !expected.test(actual),
    `Expected ${inspect(actual)} not to match ${expected}`,
    message,
  );
}

/** Fails unless every expected value deeply equals one of the actual values. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const have = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !have.some((value) => equal(item, value)));
  throwUnless(missing.length === 0, `Expected ${inspect(missing)} in ${inspect(have)}`, message);
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Constructor<T>,
  message?: string,
): asserts actual is T {
  throwUnless(
    actual instanceof expectedType,
    `Expected an instance of ${expectedType.name}, received ${inspect(actual)}`,
    message,
  );
}

/** Fails when the value is an instance of the class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: Constructor<T>,
  message?: string,
): asserts actual is Exclude<A, T> {
  throwUnless(
    !(actual instanceof unexpectedType),
    `Expected anything but an instance of ${unexpectedType.name}`,
    message,
  );
}

/** Fails unless the value is an error, of the class and with the words in its message. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  errorClass?: Constructor<E>,
  msgMatches?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected an Error, received ${inspect(error)}`);
  }
  throwUnless(
    errorClass === undefined || error instanceof errorClass,
    `Expected ${errorClass?.name}, received ${error.name}: ${error.message}`,
    message,
  );
  const matches = msgMatches instanceof RegExp
    ? msgMatches.test(error.message)
    : error.message.includes(msgMatches ?? "");
  throwUnless(matches, `Expected a message with ${msgMatches}, received ${error.message}`, message);
}

/** What `assertThrows` and `assertRejects` take: a message alone, or class, part and message. */
interface Expectation<E extends Error> {
  readonly errorClass?: Constructor<E>;
  readonly part?: string;
  readonly message?: string;
}

function expectation<E extends Error>(
  first?: Constructor<E> | string,
  part?: string,
  message?: string,
): Expectation<E> {
  return typeof first === "string" ? { message: first } : { errorClass: first, part, message };
}

function checkThrown<E extends Error>(error: unknown, wanted: Expectation<E>): unknown {
  const { errorClass, part, message } = wanted;
  if (errorClass) assertIsError(error, errorClass, part, message);
  return error;
}

/** Fails unless the function throws; gives what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Fails unless the function throws an error of the class, with the part in its message. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: Constructor<E>,
  msgIncludes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  ...rest: [(Constructor<E> | string)?, string?, string?]
): unknown {
  const wanted = expectation(...rest);
  try {
    fn();
  } catch (error) {
    return checkThrown(error, wanted);
  }
  return fail(wanted.message ?? "Expected function to throw");
}

/** Fails unless the function returns a promise that rejects; gives the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless the promise rejects with an error of the class, the part in its message. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: Constructor<E>,
  msgIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  ...rest: [(Constructor<E> | string)?, string?, string?]
): Promise<unknown> {
  const wanted = expectation(...rest);
  const promise = promiseOf(fn);
  try {
    await promise;
  } catch (error) {
    return checkThrown(error, wanted);
  }
  return fail(wanted.message ?? "Expected function to reject");
}

/** A throw before the promise exists is not a rejection. */
function promiseOf(fn: () => PromiseLike<unknown>): PromiseLike<unknown> {
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject: ${error}`);
  }
  if (typeof promise?.then !== "function") {
    throw new AssertionError("Function returns no promise when expected to reject");
  }
  return promise;
}

type Loose = Record<PropertyKey, unknown>;

function isObject(value: unknown): value is Loose {
  return typeof value === "object" && value !== null;
}

function matchesMap(actual: Map<unknown, unknown>, expected: Map<unknown, unknown>): boolean {
  return expected.entries().every(([key, value]) =>
    actual.has(key) && matches(actual.get(key), value, new Map())
  );
}

/** Whether all that `expected` names is in `actual`, deeply; classes do not count. */
function matches(actual: unknown, expected: unknown, seen: Map<object, unknown>): boolean {
  if (!isObject(actual) || !isObject(expected)) return equal(actual, expected);
  if (expected instanceof RegExp || expected instanceof Date) return equal(actual, expected);
  if (actual instanceof Set && expected instanceof Set) return expected.isSubsetOf(actual);
  if (actual instanceof Map && expected instanceof Map) return matchesMap(actual, expected);
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (seen.get(actual) === expected) return true;
  seen.set(actual, expected);
  return Reflect.ownKeys(expected).every((key) =>
    key === "length" || (key in actual && matches(actual[key], expected[key], seen))
  );
}

/** Fails unless all that `expected` names is in `actual`, deeply; what it does not name is free. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- an object of any type, as @std/assert has it
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  if (!isObject(actual)) {
    throw new TypeError(
      `Cannot assertObjectMatch ${actual === null ? null : `type ${typeof actual}`}`,
    );
  }
  if (matches(actual, expected, new Map())) return;
  rethrow(
    () => nodeAssert.deepStrictEqual(actual, expected),
    `Expected ${inspect(actual)} to match ${inspect(expected)}`,
    message,
  );
}

/** Fails. */
export function fail(message?: string): never {
  throw new AssertionError(message ? `Failed assertion: ${message}` : "Failed assertion.");
}

/** Fails where the code must not come. */
export function unreachable(reason?: string): never {
  throw new AssertionError(reason ? `Unreachable: ${reason}` : "Unreachable.");
}

/** Fails where something is not there yet. */
export function unimplemented(message?: string): never {
  throw new AssertionError(message ? `Unimplemented: ${message}` : "Unimplemented.");
}
