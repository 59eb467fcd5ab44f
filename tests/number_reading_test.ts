import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { parseDecimal, writeDecimal } from "../src/batch/decimal.ts";
import { Misfit } from "../src/batch/misfit.ts";
import { textParser } from "../src/codecs/text_values.ts";
import { create } from "../src/kernel/kernel.ts";
import { NumberColumns } from "../src/kernel/number_columns.ts";
import {
  anyDouble,
  anyNumberText,
  aroundMiddle,
  doubleOf,
  HARD_TEXTS,
  textColumn,
} from "./support/number_texts.ts";
import { forSeeds, type Random } from "./support/random.ts";

const kernel = new NumberColumns(create());
const ROWS = 10_000;

/** The double of one text, or `undefined` if the kernel finds none. */
function read(text: string, loose = false): number | undefined {
  return kernel.readDoubles(textColumn([text]), loose)[0];
}

/** Holds texts to what `Number` makes of them. */
function holdToNumber(texts: readonly string[], loose = false): void {
  const values = kernel.readDoubles(textColumn(texts), loose);
  assertEquals(values.length, texts.length, `no number: ${texts[values.length]}`);
  for (let i = 0; i < texts.length; i++) {
    if (Object.is(values[i], Number(texts[i]))) continue;
    assertStrictEquals(values[i], Number(texts[i]), texts[i]);
  }
}

Deno.test("readNumber() gives the double that Number does, for texts that are hard", () => {
  holdToNumber(HARD_TEXTS);
  holdToNumber(HARD_TEXTS.map((text) => text.startsWith("-") ? text : `+${text}`), true);
});

Deno.test("readNumber() gives the double that Number does, for any digits", () => {
  forSeeds(20, (random) => {
    holdToNumber(Array.from({ length: ROWS }, () => anyNumberText(random)));
  });
});

Deno.test("readNumber() rounds halves to even and what is nearly half by its last digit", () => {
  const edges = [
    0,
    5e-324,
    doubleOf(0xf_ffff_ffff_ffffn),
    2 ** -1022,
    Number.MAX_VALUE,
    1,
    2 ** 53,
  ];
  holdToNumber(edges.flatMap(aroundMiddle));
  forSeeds(5, (random) => {
    holdToNumber(Array.from({ length: 500 }, () => aroundMiddle(anyDouble(random))).flat());
  });
});

Deno.test("readNumber() reads doubles written with more digits than they need", () => {
  forSeeds(5, (random) => {
    holdToNumber(
      Array.from({ length: ROWS }, () => anyDouble(random).toPrecision(15 + random.below(40))),
    );
  });
});

Deno.test("readNumber() reads no bytes behind the end", () => {
  for (const text of ["12345678901234567890.5e17", "0.25", "-1e5", "77"]) {
    for (let end = 1; end <= text.length; end++) {
      const part = text.slice(0, end);
      const offsets = Int32Array.of(0, end);
      const bytes = new TextEncoder().encode(`${text}99999999999999999999`);
      const [value] = kernel.readDoubles({ bytes, offsets }, false);
      assertEquals(value, /\d$/.test(part) ? Number(part) : undefined, part);
    }
  }
});

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "number" && text.trim() === text;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** A text of some characters of numbers. */
function anyText(random: Random): string {
  const length = 1 + random.below(random.chance(0.9) ? 7 : 40);
  const characters = random.pick(["0123456789.e-+E", "01.e-", "0000000000000005.", "1+-.,eNaI"]);
  return Array.from({ length }, () => characters[random.below(characters.length)]).join("");
}

Deno.test("readNumber() takes what JSON.parse does, and nothing else", () => {
  for (const text of ["", "-", "01", "-01", "1.", "1.e5", ".5", "+5", "1e", "1e+", "--1", "1x"]) {
    assertEquals(read(text), undefined, text);
  }
  forSeeds(10, (random) => {
    for (let i = 0; i < 3_000; i++) {
      const text = anyText(random);
      const expected = isJson(text) ? JSON.parse(text) : undefined;
      assert(Object.is(read(text), expected), `${text}: ${read(text)}, not ${expected}`);
    }
  });
});

Deno.test("readNumberText() takes what CSV takes for numbers, and nothing else", () => {
  const parse = textParser({ kind: "f64" })!;
  const known = [
    "NaN",
    "Infinity",
    "+Infinity",
    "-Infinity",
    "+5",
    ".5",
    "5.",
    "05",
    "+.5e1",
    "5.e3",
  ];
  for (const text of known) assert(Object.is(read(text, true), parse(text)), text);
  for (const text of ["", ".", "+", "+-5", "-NaN", "+NaN", "Inf", "Infinit", "nan", "e5", "5e"]) {
    assertEquals(read(text, true), undefined, text);
  }
  forSeeds(10, (random) => {
    for (let i = 0; i < 3_000; i++) {
      const text = anyText(random);
      let expected: unknown;
      try {
        expected = parse(text);
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
      }
      assert(Object.is(read(text, true), expected), `${text}: ${read(text, true)}`);
    }
  });
});

function anyDecimalText(random: Random): string {
  const digits = (most: number) =>
    Array.from({ length: random.below(most) }, () => random.pick(["0", "0", "7", "3", "9"])).join(
      "",
    );
  const fraction = random.chance(0.7) ? `.${digits(24)}` : "";
  const power = random.chance(0.3) ? `e${random.pick(["", "+", "-"])}${random.below(40)}` : "";
  return random.pick(["", "-", "+"]) + digits(24) + fraction + power;
}

Deno.test("readDecimal() stores the integer that parseDecimal() gives, or says that none fits", () => {
  const known = [
    "0",
    "-0.00",
    "9".repeat(38),
    `-${"9".repeat(38)}`,
    "9".repeat(39),
    "1e38",
    "0e9999",
  ];
  forSeeds(20, (random) => {
    const precision = 1 + random.below(38);
    const shape = { precision, scale: random.below(precision + 1) };
    const texts = Array.from({ length: 1_000 }, () => anyDecimalText(random));
    for (const text of [...known, "1e00001", "", ".", "-", "1e", ...texts]) {
      let expected = new Uint8Array();
      try {
        const unscaled = parseDecimal(text, shape);
        expected = new Uint8Array(16);
        writeDecimal(expected, 0, unscaled);
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
      }
      const value = kernel.readDecimals(textColumn([text]), shape.scale, precision);
      assertEquals([...value], [...expected], `${text} as decimal(${precision}, ${shape.scale})`);
    }
  });
});
