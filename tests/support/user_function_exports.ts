/** A user's module, for the tests of module references. */

/** Three times the value. */
export function triple(value: number): number {
  return value * 3;
}

/** Not a function. */
export const text = "text";

/** A class, which cannot be called. */
export class Klass {}

/** A generator, which gives no single result. */
export function* generate(): Generator<number> {
  yield 1;
}

/** The default export. */
export default function quadruple(value: number): number {
  return value * 4;
}
