import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  compile,
  type Conditions,
  type DataType,
  type Expr,
  readColumn,
  RecordBatch,
  types as t,
} from "../mod.ts";
import { GeneratorSamplers } from "../src/generators/conditions/generator_samplers.ts";
import { parseConditions } from "../src/generators/conditions/parse_conditions.ts";
import { encodingOf } from "../src/generators/encoding/encoding.ts";
import type { Encoding } from "../src/generators/encoding/plans.ts";
import type { Evidence, SymbolDraws } from "../src/generators/model/model_face.ts";
import { faceOf } from "../src/generators/model/model_kinds.ts";
import type { CircuitModel, IndependentModel } from "../src/generators/model/models.ts";
import { RowMaker } from "../src/generators/sampling/row_maker.ts";
import { isLeaf } from "../src/kernel/circuit_kernel.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const STATES = 16;

/** Some columns of a table, row by row. */
type Rows = Record<string, unknown>[];

function distribution(random: Random, length: number): Float32Array {
  const weights = Float32Array.from({ length }, () => random.next() ** 3 + 1e-4);
  const total = weights.reduce((sum, each) => sum + each, 0);
  return weights.map((each) => each / total);
}

/** A mixture of random hidden trees over variables of so many symbols. */
function randomCircuit(random: Random, symbols: readonly number[]): CircuitModel {
  const components = random.pick([1, 2]);
  const order = random.shuffle(symbols.map((_, v) => v));
  const parents = order.map((_, place) => place === 0 ? -1 : random.below(place));
  const rows = (count: number, length: number) => {
    const out = new Float32Array(count * length);
    for (let at = 0; at < count; at++) out.set(distribution(random, length), at * length);
    return out;
  };
  const emissions = (count: number) => {
    const byState = rows(STATES, count);
    const out = new Float32Array(byState.length);
    for (let h = 0; h < STATES; h++) {
      for (let s = 0; s < count; s++) out[s * STATES + h] = byState[h * count + s];
    }
    return out;
  };
  // variables without children may have no states of their own
  const isDirect = random.below(2) === 0;
  const hasStates = parents.map((_, at) => at > 0 && !(isDirect && isLeaf(parents, at)));
  return {
    kind: "circuit",
    tree: { order, parents },
    weights: Float64Array.from(distribution(random, components)),
    components: Array.from({ length: components }, () => ({
      states: STATES,
      parents,
      symbols: order.map((v) => symbols[v]),
      prior: distribution(random, STATES),
      emissions: order.map((v) => emissions(symbols[v])),
      transitions: hasStates.map((has) => has ? rows(STATES, STATES) : new Float32Array()),
    })),
  };
}

/** How likely symbols are, by adding up all states one after the other. */
function enumerated(
  { tree, weights, components }: CircuitModel,
  symbols: readonly number[],
): number {
  const { order, parents } = tree;
  let sum = 0;
  components.forEach(({ prior, emissions, transitions }, m) => {
    const below = order.map((v, place) =>
      Float64Array.from({ length: STATES }, (_, h) => emissions[place][symbols[v] * STATES + h])
    );
    for (let place = order.length - 1; place > 0; place--) {
      for (let p = 0; p < STATES; p++) {
        let message = 0;
        for (let h = 0; h < STATES; h++) {
          message += (transitions[place][p * STATES + h] ?? Number(h === p)) * below[place][h];
        }
        below[parents[place]][p] *= message;
      }
    }
    prior.forEach((p, h) => sum += weights[m] * p * below[0][h]);
  });
  return sum;
}

/** All combinations of so many symbols. */
function combinations(counts: readonly number[]): number[][] {
  return counts.reduce<number[][]>(
    (all, count) => all.flatMap((one) => Array.from({ length: count }, (_, s) => [...one, s])),
    [[]],
  );
}

/** Evidence about some variables: parts of symbols, and boxes that have nothing in common. */
function randomEvidence(random: Random, symbols: readonly number[]): Evidence {
  const variables = new Map<number, { of: Uint16Array; shares: Float64Array }>();
  symbols.forEach((count, v) => {
    if (v > 0 && random.chance(0.4)) return;
    const parts = Array.from({ length: count }, (_, of) => ({ of, share: 1 }))
      .flatMap(({ of }) =>
        random.chance(0.5) ? [{ of, share: 1 }] : [0.3, 0.7].map((share) => ({ of, share }))
      );
    variables.set(v, {
      of: Uint16Array.from(parts, ({ of }) => of),
      shares: Float64Array.from(parts, ({ share }) => share),
    });
  });
  const some = Array.from(variables);
  const weights = (length: number) => {
    const out = Float64Array.from({ length }, () => random.below(2));
    out[random.below(length)] = 1;
    return out;
  };
  // the parts of the first variable keep boxes apart
  const [[first, { of }]] = some;
  const count = random.pick([1, 2, 3]);
  const owners = Float64Array.from(of, () => random.below(count + 1));
  for (let box = 0; box < count; box++) owners[box % owners.length] = box;
  // what all boxes say alike of the others
  const alike = new Map(
    some.slice(1).filter(() => random.chance(0.6)).map(([v, { of }]) => [v, weights(of.length)]),
  );
  const boxes = Array.from({ length: Math.min(count, of.length) }, (_, box) => {
    const kept = new Map([[first, owners.map((owner) => Number(owner === box))], ...alike]);
    for (const [v, parts] of some.slice(1)) {
      if (!alike.has(v) && random.chance(0.6)) kept.set(v, weights(parts.of.length));
    }
    return kept;
  });
  return { variables, boxes };
}

/** How likely each combination of symbols or their parts is under evidence, not normalized. */
function expected(
  evidence: Evidence,
  joint: (symbols: readonly number[]) => number,
  counts: readonly number[],
) {
  const parts = counts.map((count, v) =>
    evidence.variables.get(v)?.of ?? Uint16Array.from({ length: count }, (_, s) => s)
  );
  const out = new Map<string, number>();
  for (const each of combinations(parts.map(({ length }) => length))) {
    const isIn = evidence.boxes.some((box) =>
      Array.from(box).every(([v, kept]) => kept[each[v]] === 1)
    );
    if (!isIn) continue;
    const share = each.reduce(
      (product, part, v) => product * (evidence.variables.get(v)?.shares[part] ?? 1),
      1,
    );
    out.set(each.join(), share * joint(each.map((part, v) => parts[v][part])));
  }
  return out;
}

/** How often each combination is drawn. */
function drawn(kernel: SamplerKernel, draws: SymbolDraws, variables: number): Map<string, number> {
  const to = Array.from({ length: variables }, () => kernel.reserve(BLOCK_ROWS * 2));
  const counts = new Map<string, number>();
  for (let block = 0; block < 8; block++) {
    draws.draw({ seed: 5n, block }, to);
    const columns = to.map((at) => new Uint16Array(kernel.bytes(at, BLOCK_ROWS * 2).buffer));
    for (let row = 0; row < BLOCK_ROWS; row++) {
      const key = columns.map((column) => column[row]).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

Deno.test("a circuit and independent columns under evidence are what adding up all combinations gives", () => {
  const kernel = create();
  forSeeds(80, (random) => {
    const symbols = Array.from({ length: 2 + random.below(3) }, () => 2 + random.below(2));
    const circuit = randomCircuit(random, symbols);
    const independent: IndependentModel = {
      kind: "independent",
      shares: symbols.map((count) => Float64Array.from(distribution(random, count))),
    };
    const model = random.chance(0.7) ? circuit : independent;
    const joint = model === circuit
      ? (each: readonly number[]) => enumerated(circuit, each)
      : (each: readonly number[]) =>
        each.reduce((product, s, v) => product * independent.shares[v][s], 1);
    const evidence = randomEvidence(random, symbols);
    const wanted = expected(evidence, joint, symbols);
    const total = Array.from(wanted.values()).reduce((sum, each) => sum + each, 0);
    const conditioned = faceOf(model).condition!(model, evidence)!;
    assertAlmostEquals(conditioned.probability, total, 1e-5);
    if (total < 1e-9) return;
    using own = new SamplerKernel(kernel);
    const counts = drawn(
      own,
      conditioned.draws(own, faceOf(model).draws(own, model)),
      symbols.length,
    );
    const rows = 8 * BLOCK_ROWS;
    let distance = 0;
    for (const [key, weight] of wanted) {
      distance += Math.abs(weight / total - (counts.get(key) ?? 0) / rows) / 2;
      counts.delete(key);
    }
    assertEquals(Array.from(counts.keys()), [], "combinations that the evidence rules out");
    // the mean distance of so many rows from what they are drawn from is at most √(K / 2πn)
    const bound = Math.sqrt(wanted.size / (2 * Math.PI * rows)) + 4 / Math.sqrt(rows);
    assert(distance < bound, `distance ${distance}, expected below ${bound}`);
  });
});

const KINDS: readonly DataType[] = [
  t.bool,
  t.i32,
  t.i64,
  t.f32,
  t.f64,
  t.decimal(9, 2),
  t.date,
  t.timestamp,
  t.time,
  t.utf8,
  t.dict,
];
const DAY_MS = 86_400_000;

/** A value of a type: of few, or of many. */
function randomValue(random: Random, { kind }: DataType, isMany: boolean): unknown {
  const n = isMany ? random.below(5000) : random.below(6);
  switch (kind) {
    case "bool":
      return n % 2 === 0;
    case "i64":
      return BigInt(n) * 3n - 100n;
    case "f32":
    case "f64":
      return isMany && n % 2 ? n / 7 : n / 4;
    case "decimal":
      return (n / 100).toFixed(2);
    case "date":
      return 19_000 + (n % 700);
    case "timestamp":
      return 1.7e12 +
        (isMany ? random.below(500) * DAY_MS + random.below(24) * 3_600_000 : n * DAY_MS);
    case "time":
      return (n % 1440) * 60_000;
    case "utf8":
    case "dict":
      return isMany ? `v${Math.floor(random.next() ** 2 * 150)}` : "abcdef"[n];
    default:
      return n;
  }
}

/** Rows of random columns, of which some follow from others. */
function randomTable(random: Random): RecordBatch {
  const types = Array.from({ length: 3 + random.below(3) }, () => random.pick(KINDS));
  const fields = types.map((type, at) => ({ name: `c${at}`, type }));
  const shapes = types.map(() => ({ isMany: random.chance(0.6), nulls: random.chance(0.4) }));
  const [decider, second] = ["d", "e"];
  const rows: Rows = Array.from({ length: 600 }, () => {
    const row: Record<string, unknown> = {};
    types.forEach((type, at) => {
      const { isMany, nulls } = shapes[at];
      row[`c${at}`] = nulls && random.chance(0.2) ? null : randomValue(random, type, isMany);
    });
    // some of the deciding values are rare, and are folded
    row[decider] = random.chance(0.1) ? `rare${random.below(90)}` : `k${random.below(8)}`;
    row[second] = random.chance(0.1) ? null : `m${random.below(4)}`;
    return row;
  });
  for (const row of rows) {
    const key = String(row[decider]);
    row.by1 = key.length * 10 + key.charCodeAt(key.length - 1) % 5;
    row.by2 = `p${
      (key.charCodeAt(key.length - 1) * 3 + String(row[second]).length * 5 +
        String(row[second]).charCodeAt(1)) % 6
    }`;
  }
  const all = [
    ...fields,
    { name: decider, type: t.utf8 },
    { name: second, type: t.dict },
    { name: "by1", type: t.i32 },
    { name: "by2", type: t.utf8 },
  ];
  return RecordBatch.fromRows(rows, { schema: { fields: all } });
}

/** A test of one column against a value that it has. */
function randomTest(
  random: Random,
  rows: Rows,
  { name, type }: { name: string; type: DataType },
): Conditions {
  const value = () => {
    for (let tries = 0; tries < 20; tries++) {
      const some = random.pick(rows)[name];
      if (some !== null) return some;
    }
    return randomValue(random, type, true);
  };
  const operator = random.pick(["=", "!=", "<", "<=", ">", ">="] as const);
  const isText = type.kind === "utf8" || type.kind === "dict";
  switch (random.below(isText ? 7 : 6)) {
    case 0:
      return { [name]: ["between", value(), value()] };
    case 1:
      return {
        [name]: [random.pick(["in", "not in"] as const), [
          value(),
          value(),
          random.pick([null, value()]),
        ]],
      };
    case 2:
      return { [name]: random.pick([null, ["is not null"]]) };
    case 6:
      return { [name]: ["like", `%${String(value()).at(-1)}`] };
    default:
      return { [name]: [operator, value()] };
  }
}

function randomConditions(random: Random, rows: Rows, batch: RecordBatch, depth = 2): Conditions {
  const one = () => randomTest(random, rows, random.pick(batch.schema.fields));
  if (depth === 0 || random.chance(0.3)) return one();
  const parts = Array.from(
    { length: 2 + random.below(2) },
    () => randomConditions(random, rows, batch, depth - 1),
  );
  return random.pick([{ allOf: parts }, { anyOf: parts }, { not: parts[0] }, { anyOf: parts }]);
}

/** Classes of values that rows are counted by: themselves if they are few, else ranges of rank. */
function classOf(values: readonly unknown[]): (value: unknown) => string {
  const distinct = new Set(values.map(String));
  if (distinct.size <= 40) return String;
  const present = values.filter((value) => value !== null);
  if (typeof present[0] === "string") return (value) => String(value).slice(-1);
  const sorted = present.map(Number).sort((a, b) => a - b);
  const cuts = Array.from({ length: 8 }, (_, at) => sorted[Math.floor((sorted.length * at) / 8)]);
  return (value) =>
    value === null ? "null" : `${cuts.filter((cut) => cut <= Number(value)).length}`;
}

/** How far two columns are apart, as the share of rows in other classes, and how far chance goes. */
function distanceOf(
  a: readonly unknown[],
  b: readonly unknown[],
): { distance: number; chance: number } {
  const of = classOf(a);
  const shares = new Map<string, number>();
  for (const value of a) shares.set(of(value), (shares.get(of(value)) ?? 0) + 1 / a.length);
  for (const value of b) shares.set(of(value), (shares.get(of(value)) ?? 0) - 1 / b.length);
  const distance = Array.from(shares.values()).reduce((sum, each) => sum + Math.abs(each) / 2, 0);
  const spread = (n: number) => Math.sqrt(shares.size / (2 * Math.PI * n)) + 3 / Math.sqrt(n);
  return { distance, chance: spread(a.length) + spread(b.length) };
}

/** The rows for which an expression is true, by the expression's own meaning. */
function rowsFor(batch: RecordBatch, expression: Expr): Int32Array {
  using plan = compile(expression, { schema: batch.schema });
  return plan.filter(batch);
}

function countTrue(batch: RecordBatch, expression: Expr): number {
  return rowsFor(batch, expression).length;
}

function randomGenerator(
  random: Random,
): { encoding: Encoding; batch: RecordBatch; samplers: GeneratorSamplers } {
  const batch = randomTable(random);
  const encoding = encodingOf(batch, { symbols: random.pick([8, 16, 64]) });
  const model = randomCircuit(random, encoding.symbols);
  return {
    encoding,
    batch,
    samplers: new GeneratorSamplers({ encoding, model, rows: batch.length }),
  };
}

Deno.test("rows satisfy random conditions as the expression means them, and come as often as probability() says", () => {
  let [checked, refused, rejected, compared] = [0, 0, 0, 0];
  forSeeds(20, (random) => {
    const { batch, samplers } = randomGenerator(random);
    const rows = batch.toRows() as Rows;
    const blocks = 6;
    const plain = RecordBatch.concat(
      Array.from(
        { length: blocks },
        (_, block) => samplers.conditioned(undefined).maker().block({ seed: 7n, block }),
      ),
    );
    for (let round = 0; round < 6; round++) {
      const conditions = randomConditions(random, rows, batch);
      const expression = parseConditions(conditions, plain.schema);
      const share = countTrue(plain, expression) / plain.length;
      const text = Deno.inspect({ conditions, share }, { depth: 9 });
      let made;
      try {
        made = samplers.conditioned(conditions);
      } catch (error) {
        assert(error instanceof RangeError, `${error}`);
        assert(share < 0.001, `${error.message}: ${text}`);
        refused++;
        continue;
      }
      const probability = samplers.probability(conditions);
      const deviation = Math.sqrt(Math.max(probability * (1 - probability), 1e-5) / plain.length);
      assert(
        Math.abs(share - probability) < 4.5 * deviation,
        `probability ${probability}: ${text}`,
      );
      const some = made.maker().block({ seed: 3n, block: 2 });
      assertEquals(countTrue(some, expression), BLOCK_ROWS, text);
      if (round < 2) {
        const maker = new RowMaker(some.schema.fields.map(({ name }) => name));
        const rows = maker.make(made.maker().cells({ seed: 3n, block: 2 }), 0, BLOCK_ROWS);
        assertEquals(rows, some.toRows(), text);
      }
      if (made.acceptance < 1) rejected++;
      checked++;
      const filtered = plain.take(rowsFor(plain, expression).subarray(0, BLOCK_ROWS));
      if (filtered.length < 500) continue;
      for (const name of plain.names) {
        const [a, b] = [filtered, some].map((of) =>
          readColumn(of.column(name), { start: 0, end: of.length })
        );
        const { distance, chance } = distanceOf(a, b);
        assert(distance < chance, `${name} is ${distance} apart, by chance ${chance}: ${text}`);
        compared++;
      }
    }
  });
  assert(
    checked > 100 && refused > 3,
    `${checked} conditions, ${refused} refused, ${rejected} rejected`,
  );
});
