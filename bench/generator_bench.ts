import { faker } from "@faker-js/faker";
import { faked } from "../src/generators/spec/faker.ts";
import { csv, type RecordBatch, SyntheticGenerator } from "../mod.ts";
import { ReferenceCircuit } from "../src/generators/circuit/reference_circuit.ts";
import {
  CircuitKernel,
  type CircuitParameters,
  emptyCounts,
} from "../src/kernel/circuit_kernel.ts";
import { create } from "../src/kernel/kernel.ts";
import { BIRD_COLUMNS } from "./support/bird_columns.ts";
import { fakerCell, fakerRows } from "./support/faker_rows.ts";
import { randomOf } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const ROWS = 50 * 4096;
const BEE_ROWS = 1000 * 4096;
const TILE_ROWS = 64;

/** A column to draw from: its values, and the shares of rows up to each. */
interface PlainColumn {
  readonly values: Float64Array;
  readonly shares: Float64Array;
  readonly isText: boolean;
}

function plainColumns(rows: readonly Record<string, unknown>[]): PlainColumn[] {
  return BIRD_COLUMNS.fields.map(({ name, type }) => {
    const counts = new Map<unknown, number>();
    for (const row of rows) counts.set(row[name], (counts.get(row[name]) ?? 0) + 1);
    const isText = type.kind === "dict";
    const values = Float64Array.from(
      counts.keys(),
      (value, at) => isText ? at : Number(value ?? 0),
    );
    let sum = 0;
    const shares = Float64Array.from(counts.values(), (count) => (sum += count) / rows.length);
    return { values, shares, isText };
  });
}

/** What one would write: each column by itself, by binary search of a random number. */
function plainSample(columns: readonly PlainColumn[], rows: number): number {
  for (const { values, shares, isText } of columns) {
    const out = isText ? new Int32Array(rows) : new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      const random = Math.random();
      let [low, high] = [0, shares.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (shares[middle] <= random) low = middle + 1;
        else high = middle;
      }
      out[row] = values[low];
    }
  }
  return rows;
}

async function rowObjects(
  generator: SyntheticGenerator<object>,
  rows: readonly Record<string, unknown>[],
): Promise<BenchRow[]> {
  const cells = (weighs: boolean) =>
    BIRD_COLUMNS.fields.map((_, at) => fakerCell(rows, at, weighs));
  const [weighted, even] = [cells(true), cells(false)];
  let seed = 0;
  const contender = () => {
    let count = 0;
    for (const _ of generator.sample(ROWS, { seed: seed++ })) count++;
    return count;
  };
  return [
    await compare({
      name: "birdstrikes as row objects, against faker with the same shares of values",
      contender,
      baseline: () => fakerRows(weighted, 2000),
    }),
    await compare({
      name: "the same against faker with values that are equally likely",
      contender,
      baseline: () => fakerRows(even, 20_000),
    }),
  ];
}

const PERSON = {
  name: () => faker.person.fullName(),
  mail: () => faker.internet.email(),
  street: () => faker.location.streetAddress(),
  city: () => faker.location.city(),
  country: () => faker.location.country(),
  job: () => faker.person.jobTitle(),
  phone: () => faker.phone.number(),
};

/** People, by faker each time or of a thousand of its values; the other columns by what each has. */
function people(): Promise<BenchRow> {
  const generator = SyntheticGenerator.fromSchema({
    columns: {
      id: { uuid: "v4" },
      name: faked(PERSON.name),
      mail: faked(PERSON.mail),
      street: faked(PERSON.street),
      city: faked(PERSON.city),
      country: faked(PERSON.country),
      job: faked(PERSON.job),
      phone: faked(PERSON.phone),
      born: { timestamps: ["1950-01-01", "2006-12-31"] },
      balance: { uniform: [0, 10_000], decimals: 2 },
      active: { boolean: 0.9 },
    },
  });
  const [from, to] = [new Date("1950-01-01"), new Date("2006-12-31")];
  let seed = 0;
  return compare({
    name: "people of 11 columns as row objects, by fromSchema, against faker",
    contender: () => {
      let count = 0;
      for (const _ of generator.sample(ROWS, { seed: seed++ })) count++;
      return count;
    },
    baseline: () => {
      for (let row = 0; row < 2000; row++) {
        const _person = {
          id: faker.string.uuid(),
          name: PERSON.name(),
          mail: PERSON.mail(),
          street: PERSON.street(),
          city: PERSON.city(),
          country: PERSON.country(),
          job: PERSON.job(),
          phone: PERSON.phone(),
          born: faker.date.between({ from, to }).getTime(),
          balance: faker.number.float({ min: 0, max: 10_000, fractionDigits: 2 }),
          active: faker.datatype.boolean(0.9),
        };
      }
      return 2000;
    },
    target: 20,
  });
}

async function sampling(): Promise<BenchRow[]> {
  const source = csv(BIRDS, { schema: BIRD_COLUMNS });
  const generator = await SyntheticGenerator.fit(source, { seed: 1 });
  const batches: RecordBatch[] = Array.from(
    generator.sample(10_000, { seed: 1 }).batches(),
  ) as never;
  const rows = batches.flatMap((batch) => batch.toRows());
  const columns = plainColumns(rows);
  let seed = 0;
  const contender = () => {
    let rows = 0;
    for (const batch of generator.sample(ROWS, { seed: seed++ }).batches()) rows += batch.length;
    return rows;
  };
  return [
    await compare({
      name: "birdstrikes, 14 columns → batches, against independent columns in plain JS",
      contender,
      baseline: () => plainSample(columns, ROWS),
      target: 4,
    }),
    await compare({
      name: "the same on two bees, against this thread alone",
      contender: async () => {
        let rows = 0;
        const sample = generator.sample(BEE_ROWS, { seed: seed++, workers: 2 });
        for await (const { length } of sample.batches()) rows += length;
        return rows;
      },
      baseline: contender,
      note: "the start of the bees included",
    }),
    ...await rowObjects(generator, rows),
    await people(),
  ];
}

function randomCircuit(states: number): CircuitParameters {
  const random = randomOf(3);
  const parents = [-1, 0, 0, 1, 1, 2, 2, 3];
  const filled = (length: number) => Float32Array.from({ length }, () => random() / states);
  return {
    states,
    parents,
    symbols: parents.map(() => 32),
    prior: filled(states),
    emissions: parents.map(() => filled(32 * states)),
    transitions: parents.map((parent) => filled(parent < 0 ? 0 : states * states)),
  };
}

function fitting(): Promise<BenchRow> {
  const parameters = randomCircuit(32);
  const circuit = new CircuitKernel(create(), parameters, TILE_ROWS);
  const reference = new ReferenceCircuit(parameters);
  const counts = emptyCounts(parameters);
  const random = randomOf(4);
  const columns = parameters.symbols.map((count) =>
    Uint8Array.from({ length: TILE_ROWS }, () => Math.floor(random() * count))
  );
  const weights = new Float32Array(TILE_ROWS).fill(1);
  circuit.clear();
  circuit.put(columns, 0, TILE_ROWS);
  return compare({
    name: "expected counts of a tree of 8 variables, 32 states, against plain JS",
    contender: () => {
      for (let round = 0; round < 100; round++) {
        circuit.up(0);
        circuit.down(0, weights);
      }
      return 100 * TILE_ROWS;
    },
    baseline: () => {
      for (let row = 0; row < TILE_ROWS; row++) {
        reference.row(columns.map((column) => column[row]), counts);
      }
      return TILE_ROWS;
    },
    target: 10,
  });
}

/** Sampling and fitting generators. */
export const group: BenchGroup = {
  name: "generators",
  rows: async () => [...await sampling(), await fitting()],
};
