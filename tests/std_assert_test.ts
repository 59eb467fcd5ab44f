import * as std from "@std/assert";
import * as adapter from "./support/std_assert.ts";

// Every case is tried on the adapter and on whatever `@std/assert` is here: where JSR can be
// reached that is the original, so the two are held equal.
const IMPLEMENTATIONS: Record<string, typeof adapter> = {
  "the adapter": adapter,
  "@std/assert": std as unknown as typeof adapter,
};

class Point {
  constructor(readonly x: number) {}
}
class OtherPoint {
  constructor(readonly x: number) {}
}
class Hidden {
  #value: number;
  constructor(value: number) {
    this.#value = value;
  }
  get value(): number {
    return this.#value;
  }
}

function circle(): { self?: unknown } {
  const object: { self?: unknown } = {};
  object.self = object;
  return object;
}

function bare(value: object): object {
  return Object.assign(Object.create(null), value);
}

const EQUAL: Record<string, [unknown, unknown]> = {
  "zeros of either sign": [0, -0],
  "zeros of either sign in a typed array": [new Float64Array([0]), new Float64Array([-0])],
  "NaNs": [{ a: NaN }, { a: NaN }],
  "keys in another order": [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  "symbol keys": [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 1 }],
  "an object without prototype and a plain one": [bare({ a: 1 }), { a: 1 }],
  "sets in another order": [new Set([1, 2]), new Set([2, 1])],
  "sets of objects": [new Set([{ a: 1 }, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }])],
  "maps in another order": [new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]])],
  "maps with object keys": [new Map([[{ a: 1 }, [1]]]), new Map([[{ a: 1 }, [1]]])],
  "invalid dates": [new Date(NaN), new Date(NaN)],
  "patterns": [/a/g, /a/g],
  "addresses": [new URL("https://example.com"), new URL("https://example.com/")],
  "buffers": [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
  "instances of one class": [new Point(1), new Point(1)],
  "getters of a class": [new Hidden(1), new Hidden(1)],
  "circles": [circle(), circle()],
  "holes at the same place": [[1, , 3], [1, , 3]], // deno-lint-ignore no-sparse-arrays
};

const UNEQUAL: Record<string, [unknown, unknown]> = {
  "null and undefined": [null, undefined],
  "a number and its text": [1, "1"],
  "a number and a bigint": [1, 1n],
  "a missing key and an undefined value": [{ a: 1 }, { a: 1, b: undefined }],
  "undefined under different keys": [{ a: undefined }, { b: undefined }],
  "arrays in another order": [[1, 2], [2, 1]],
  "an array and an object": [[1], { 0: 1 }],
  "typed arrays of two kinds": [new Uint8Array([1]), new Int8Array([1])],
  "typed arrays of two lengths": [new Uint8Array([0]), new Uint8Array([0, 0])],
  "maps with other values": [new Map([["a", 1]]), new Map([["a", 2]])],
  "sets with other members": [new Set([1, 2]), new Set([1, 3])],
  "dates": [new Date(1), new Date(2)],
  "patterns with other flags": [/a/g, /a/],
  "instances of two classes": [new Point(1), new OtherPoint(1)],
  "an instance and a plain object": [new Point(1), { x: 1 }],
  "getters of a class": [new Hidden(1), new Hidden(2)],
  "errors with other messages": [new Error("a"), new Error("b")],
  "errors of two classes": [new TypeError("a"), new RangeError("a")],
  "functions": [() => 1, () => 1],
  "different symbols": [Symbol("a"), Symbol("a")],
};

for (
  const [name, { assertEquals, assertNotEquals, assertThrows, AssertionError }] of Object.entries(
    IMPLEMENTATIONS,
  )
) {
  for (const [what, [a, b]] of Object.entries(EQUAL)) {
    Deno.test(`${name}: assertEquals() takes as equal ${what}`, () => {
      assertEquals(a, b);
      assertEquals(b, a);
      assertThrows(() => assertNotEquals(a, b), AssertionError);
    });
  }
  for (const [what, [a, b]] of Object.entries(UNEQUAL)) {
    Deno.test(`${name}: assertEquals() tells apart ${what}`, () => {
      assertNotEquals(a, b);
      assertThrows(() => assertEquals(a, b), AssertionError);
      assertThrows(() => assertEquals(b, a), AssertionError);
    });
  }
}

type Library = typeof adapter;
type Case = (lib: Library) => void;

const PASSES: Record<string, Case> = {
  "assert() takes what is truthy": (lib: Library) => lib.assert("a"),
  "assertFalse() takes what is falsy": (lib: Library) => lib.assertFalse(0),
  "assertExists() takes false and 0": (lib: Library) => {
    lib.assertExists(false);
    lib.assertExists(0);
  },
  "assertStrictEquals() compares by Object.is": (lib: Library) => lib.assertStrictEquals(NaN, NaN),
  "assertNotStrictEquals() tells zeros apart": (lib: Library) => lib.assertNotStrictEquals(0, -0),
  "assertAlmostEquals() allows 1e-7 of the expected": (lib: Library) => {
    lib.assertAlmostEquals(1.000000001e-8, 1.000000002e-8);
    lib.assertAlmostEquals(0.1 + 0.2, 0.3, 1e-16);
    lib.assertAlmostEquals(Infinity, Infinity);
  },
  "the four orders": (lib: Library) => {
    lib.assertGreater(2, 1);
    lib.assertGreaterOrEqual(2, 2);
    lib.assertLess(1, 2);
    lib.assertLessOrEqual(2, 2);
  },
  "assertStringIncludes() and the patterns": (lib: Library) => {
    lib.assertStringIncludes("abc", "b");
    lib.assertMatch("abc", /^a/);
    lib.assertNotMatch("abc", /^b/);
  },
  "assertArrayIncludes() compares deeply": (lib: Library) =>
    lib.assertArrayIncludes([{ a: 1 }, { b: 2 }], [{ b: 2 }]),
  "assertInstanceOf() takes subclasses": (lib: Library) => {
    lib.assertInstanceOf(new TypeError(), Error);
    lib.assertNotInstanceOf(new Date(), RegExp);
  },
  "assertIsError() takes a part of the message or a pattern": (lib: Library) => {
    lib.assertIsError(new RangeError("out of range"), RangeError, "of ran");
    lib.assertIsError(new RangeError("out of range"), RangeError, /range$/);
  },
  "assertThrows() gives what was thrown": (lib: Library) => {
    const error = new TypeError("a b c");
    const thrown = lib.assertThrows(
      () => {
        throw error;
      },
      TypeError,
      "b",
    );
    lib.assertStrictEquals(thrown, error);
  },
  "assertThrows() without a class takes anything thrown": (lib: Library) => {
    lib.assertThrows(() => {
      throw 1;
    });
  },
  "assertObjectMatch() looks only at what is expected": (lib: Library) => {
    const actual = { a: 1, b: { c: [1, 2, { d: 3, e: 4 }], f: new Set([1, 2]) }, g: new Point(1) };
    lib.assertObjectMatch(actual, { a: 1 });
    lib.assertObjectMatch(actual, { b: { c: [1, 2, { e: 4 }] } });
    lib.assertObjectMatch(actual, { b: { c: [1], f: new Set([2]) } });
    lib.assertObjectMatch(actual, { g: { x: 1 } });
    lib.assertObjectMatch(circle() as Record<string, unknown>, { self: { self: {} } });
  },
};

const FAILS: Record<string, Case> = {
  "assert() refuses what is falsy": (lib: Library) => lib.assert(""),
  "assertFalse() refuses what is truthy": (lib: Library) => lib.assertFalse("a"),
  "assertExists() refuses null": (lib: Library) => lib.assertExists(null),
  "assertStrictEquals() refuses equal objects": (lib: Library) => lib.assertStrictEquals({}, {}),
  "assertStrictEquals() refuses zeros of two signs": (lib: Library) =>
    lib.assertStrictEquals(0, -0),
  "assertAlmostEquals() refuses what is further off": (lib: Library) =>
    lib.assertAlmostEquals(0.1 + 0.2, 0.3, 1e-17),
  "assertAlmostEquals() is relative": (lib: Library) => lib.assertAlmostEquals(1e-8, 1e-9),
  "assertGreater() refuses equal numbers": (lib: Library) => lib.assertGreater(1, 1),
  "assertLess() refuses equal numbers": (lib: Library) => lib.assertLess(1, 1),
  "assertStringIncludes() refuses another text": (lib: Library) =>
    lib.assertStringIncludes("abc", "d"),
  "assertMatch() refuses another text": (lib: Library) => lib.assertMatch("abc", /d/),
  "assertArrayIncludes() refuses what is missing": (lib: Library) =>
    lib.assertArrayIncludes([1, 2], [2, 3]),
  "assertInstanceOf() refuses another class": (lib: Library) =>
    lib.assertInstanceOf(new Date(), RegExp),
  "assertIsError() refuses what is no error": (lib: Library) => lib.assertIsError(null),
  "assertThrows() refuses a function that returns": (lib: Library) => lib.assertThrows(() => 1),
  "assertThrows() refuses another class": (lib: Library) =>
    lib.assertThrows(() => {
      throw new TypeError("a");
    }, RangeError),
  "assertThrows() refuses another message": (lib: Library) =>
    lib.assertThrows(
      () => {
        throw new TypeError("a");
      },
      TypeError,
      "b",
    ),
  "assertThrows() with a class refuses what is no error": (lib: Library) =>
    lib.assertThrows(() => {
      throw 1;
    }, Error),
  "assertObjectMatch() refuses a missing key": (lib: Library) =>
    lib.assertObjectMatch({ a: 1 }, { b: undefined }),
  "assertObjectMatch() refuses another value below": (lib: Library) =>
    lib.assertObjectMatch({ a: { b: [1, 2] } }, { a: { b: [1, 3] } }),
  "assertObjectMatch() refuses null for an object": (lib: Library) =>
    lib.assertObjectMatch({ a: null }, { a: { b: 1 } }),
  "assertObjectMatch() refuses more items than there are": (lib: Library) =>
    lib.assertObjectMatch({ a: [1] }, { a: [1, 2] }),
  "fail() fails": (lib: Library) => lib.fail("because"),
  "unreachable() fails": (lib: Library) => lib.unreachable(),
};

for (const [name, library] of Object.entries(IMPLEMENTATIONS)) {
  for (const [what, run] of Object.entries(PASSES)) {
    Deno.test(`${name}: ${what}`, () => run(library));
  }
  for (const [what, run] of Object.entries(FAILS)) {
    Deno.test(`${name}: ${what}, by an AssertionError`, () => {
      library.assertThrows(() => run(library), library.AssertionError);
    });
  }

  Deno.test(`${name}: assertRejects() tells a rejection from a throw and from a value`, async () => {
    const { assertRejects, assertEquals, AssertionError } = library;
    const error = new TypeError("a b c");
    const rejected = await assertRejects(() => Promise.reject(error), TypeError, "b");
    assertEquals(rejected === error, true);
    const wrong: (() => Promise<unknown>)[] = [
      () => assertRejects(() => Promise.resolve(1)),
      () => assertRejects(() => Promise.reject(error), RangeError),
      () => assertRejects(() => Promise.reject(error), TypeError, "d"),
      () =>
        assertRejects(() => {
          throw error;
        }),
    ];
    for (const call of wrong) await assertRejects(call, AssertionError);
  });

  Deno.test(`${name}: a message of one's own stands in the failure`, () => {
    library.assertThrows(() => library.assertEquals(1, 2, "see here"), Error, "see here");
    library.assertThrows(() => library.assert(false, "see here"), Error, "see here");
  });
}
