import { assert, assertEquals } from "@std/assert";
import { evaluateRow, expressionFromJson, typeOf } from "@waggle/stream";
import { forSeeds, type Random } from "./support/random.ts";
import { ExpressionSource, FIELDS, randomRows } from "./support/random_expression.ts";

const RUNS = Number(Deno.env.get("WAGGLE_RUNS") ?? 5000);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What data from anywhere may hold in place of what belongs there. */
function oddity(random: Random): Json {
  return random.pick<Json>([
    null,
    true,
    -1,
    1e308,
    "",
    "add",
    "constructor",
    "__proto__",
    "99999999999999999999",
    [],
    {},
    { op: "now" },
    { op: "lit", value: 1 },
    { op: "col", name: "__proto__" },
    { kind: "decimal", precision: 99, scale: 1 },
    { kind: "list", item: { kind: "i32" } },
  ]);
}

/** The data with something changed, left out, doubled or put in at a random place. */
function damage(data: Json, random: Random): Json {
  if (typeof data !== "object" || data === null || random.chance(0.1)) return oddity(random);
  if (Array.isArray(data)) return damageList(data, random);
  const keys = Object.keys(data);
  if (keys.length === 0 || random.chance(0.1)) return { ...data, extra: oddity(random) };
  const key = random.pick(keys);
  if (random.chance(0.2)) {
    return Object.fromEntries(Object.entries(data).filter(([name]) => name !== key));
  }
  return { ...data, [key]: damage(data[key], random) };
}

function damageList(data: Json[], random: Random): Json[] {
  const at = random.below(data.length + 1);
  if (at === data.length) return [...data, oddity(random)];
  if (random.chance(0.2)) return data.toSpliced(at, 1);
  if (random.chance(0.2)) return data.toSpliced(at, 0, data[at]);
  return data.with(at, damage(data[at], random));
}

/** The value, or nothing where a clean error was thrown. */
function cleanly<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    assert(error instanceof TypeError || error instanceof RangeError, String(error));
    assert(error.message.startsWith("Cannot "), `${error.stack}`);
    return undefined;
  }
}

Deno.test("damaged JSON is read as an expression or refused, and never does anything else", () => {
  let read = 0;
  forSeeds(RUNS, (random) => {
    const data: Json = JSON.parse(JSON.stringify(new ExpressionSource(random).any(3)));
    let damaged = damage(data, random);
    while (random.chance(0.5)) damaged = damage(damaged, random);
    const expression = cleanly(() => expressionFromJson(damaged));
    if (expression === undefined) return;
    read++;
    const text = JSON.stringify(expression);
    assertEquals(JSON.stringify(expressionFromJson(JSON.parse(text)).toJSON()), text);
    if (cleanly(() => typeOf(expression, { fields: FIELDS })) === undefined) return;
    const [row] = randomRows(1, random);
    cleanly(() => evaluateRow(expression, row, { schema: { fields: FIELDS }, now: 0 }));
  });
  assert(read > RUNS / 50, `only ${read} of ${RUNS} were read`);
});
