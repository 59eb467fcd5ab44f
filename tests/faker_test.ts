import { assert, assertEquals, assertThrows } from "@std/assert";
import { faker as english } from "@faker-js/faker/locale/en";
import { faker as german } from "@faker-js/faker/locale/de";
import { SyntheticGenerator } from "../mod.ts";
import { faked } from "../src/generators/spec/faker.ts";

const people = () =>
  SyntheticGenerator.fromSchema({
    columns: {
      name: faked((faker) => faker.person.fullName(), { count: 300, seed: 5 }),
      age: faked((faker) => faker.number.int({ min: 18, max: 90 }), { count: 300 }),
      member: faked((faker) => faker.datatype.boolean()),
      born: faked((faker) => faker.date.birthdate(), { count: 100, nulls: 0.2 }),
    },
  });

Deno.test("faked() fills columns with faker's values, which depend on seed and row alone", async () => {
  const generator = people();
  const rows = generator.sample(9000, { seed: 1 }).toRows();
  assertEquals(people().sample(9000, { seed: 1 }).toRows(), rows);
  const loaded = await SyntheticGenerator.load(generator.toBytes());
  assertEquals(loaded.sample(100, { seed: 1, start: 5000 }).toRows(), rows.slice(5000, 5100));
  const names = new Set(rows.map(({ name }) => name));
  assert(names.size > 290 && names.size <= 300);
  assert(rows.every(({ age }) => Number.isInteger(age) && age >= 18 && age <= 90));
  assertEquals(new Set(rows.map(({ member }) => member)), new Set([true, false]));
  assertEquals(generator.schema.fields.map(({ type }) => type.kind), [
    "dict",
    "i32",
    "bool",
    "timestamp",
  ]);
  const nulls = rows.filter(({ born }) => born === null).length / rows.length;
  assert(Math.abs(nulls - 0.2) < 0.03);
  const other = faked((faker) => faker.person.fullName(), { count: 300, seed: 6 });
  assert(other.values.filter((name) => names.has(name)).length < 100);
});

Deno.test("faked() leaves the fakers of others as they are, and takes theirs of other languages", () => {
  english.seed(3);
  const expected = [english.person.firstName(), english.person.firstName()];
  english.seed(3);
  const first = english.person.firstName();
  faked((faker) => faker.person.firstName(), { seed: 8 });
  assertEquals([first, english.person.firstName()], expected);
  const cities = faked((faker) => faker.location.city(), { faker: german, count: 500 });
  assertEquals(cities, faked((faker) => faker.location.city(), { faker: german, count: 500 }));
  assert(cities.values.some((city) => /[äöüß]/.test(city)));
});

Deno.test("faked() refuses what is no value, no function and no option", () => {
  assertThrows(() => faked((() => ({})) as never), TypeError, "value 0 is an object");
  assertThrows(() => faked(5 as never), TypeError, "fullName");
  assertThrows(() => faked(() => 1, { count: 0 }), RangeError, "1 to 65534");
  assertThrows(() => faked(() => 1, { cuont: 5 } as never), TypeError, "count");
});
