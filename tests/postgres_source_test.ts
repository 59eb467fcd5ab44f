import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as fc from "fast-check";
import {
  count,
  from,
  RecordBatch,
  type Schema,
  StreamingError,
  SyntheticGenerator,
  TumblingWindow,
} from "../mod.ts";
import {
  PostgresError,
  PostgresPublisher,
  PostgresSource,
  type PostgresSourceOptions,
} from "../src/publishers/postgres/postgres.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { assertSame, schemaAndRows } from "./support/batches.ts";
import { postgres, PostgresServer } from "./support/postgres.ts";

let server: PostgresServer;

Deno.test.beforeAll(async () => {
  if (postgres.path !== undefined) server = await PostgresServer.start(postgres.path);
});
Deno.test.afterAll(async () => {
  if (postgres.path !== undefined) await server[Symbol.asyncDispose]();
});

function test(name: string, work: () => Promise<void>): void {
  Deno.test(postgres.test(name, work));
}

type Options = Partial<PostgresSourceOptions> & { query: string };

function open(options: Options, signal = new AbortController().signal) {
  const source = new PostgresSource({ url: server.url, ...options });
  const deadLetter = () => {};
  return source.open({ runtime: denoRuntime, signal, badRecords: "fail", deadLetter });
}

async function read(options: Options): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const { batch } of open(options)) batches.push(batch!);
  return batches;
}

async function refuses(options: Options, ...parts: readonly string[]): Promise<StreamingError> {
  const error = await assertRejects(() => read(options), StreamingError);
  for (const part of parts) assertStringIncludes(error.message, part);
  return error;
}

/** Waits until nobody reads any more. */
async function untilLeft(): Promise<void> {
  const others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waggle'";
  while (await server.psql(others) !== "0");
}

test("PostgresSource reads every type, and null", async () => {
  await server.psql(
    `CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN age AS smallint;
    CREATE TABLE types (b bool, s smallint, a age, i integer, l bigint, o oid, r real, d double precision,
      n numeric(20, 3), f numeric, ts timestamp, tz timestamptz, day date, t time, v varchar(9), u uuid,
      m mood, y bytea, j jsonb, k int[], p interval);
    INSERT INTO types VALUES (true, -1, 2, 3, 9223372036854775807, 4000000000, 0.1, 1e300,
      12345678901234567.89, 1e-30, '2024-02-29 12:30:15.2599', '2024-02-29 12:30:15.25+09', '1969-12-31',
      '23:59:59.999', 'Löwe 🦁', 'c0ffee00-0000-4000-8000-000000000000', 'glad', '\\x00ff',
      '{"a": [1, null]}', '{1,NULL}', '1 day');
    INSERT INTO types (b) VALUES (false), (NULL)`,
  );
  const [batch] = await read({ query: "SELECT * FROM types;" });
  const kinds = batch.schema.fields.map(({ type }) => type.kind).join(" ");
  assertEquals(
    kinds,
    "bool i32 i32 i32 i64 i64 f32 f64 decimal utf8 timestamp timestamp date time utf8 utf8 dict bytes utf8 utf8 utf8",
  );
  const [row, second, third] = batch.toRows();
  assertSame(row, {
    b: true,
    s: -1,
    a: 2,
    i: 3,
    l: 2n ** 63n - 1n,
    o: 4000000000n,
    r: Math.fround(0.1),
    d: 1e300,
    n: "12345678901234567.890",
    f: "0.000000000000000000000000000001",
    ts: Date.UTC(2024, 1, 29, 12, 30, 15, 259),
    tz: Date.UTC(2024, 1, 29, 3, 30, 15, 250),
    day: -1,
    t: 86_399_999,
    v: "Löwe 🦁",
    u: "c0ffee00-0000-4000-8000-000000000000",
    m: "glad",
    y: Uint8Array.of(0, 255),
    j: '{"a": [1, null]}',
    k: "{1,NULL}",
    p: "1 day",
  });
  assertEquals(second, {
    ...Object.fromEntries(batch.names.map((name) => [name, null])),
    b: false,
  });
  assertEquals(third.b, null);
  const [texts] = await read({ query: "SELECT n, n + 1 AS more FROM types", numeric: "text" });
  assertEquals(texts.toRows()[0], { n: "12345678901234567.890", more: "12345678901234568.890" });
});

test("PostgresSource reads floats with all their digits, whatever the database is set to", async () => {
  await server.psql("ALTER ROLE CURRENT_USER SET extra_float_digits = 0");
  try {
    const [batch] = await read({
      query: "SELECT 0.1::float8 + 0.2 AS d, 16777215::float4 / 3 AS r",
    });
    assertEquals(batch.toRows(), [{ d: 0.1 + 0.2, r: Math.fround(16_777_215 / 3) }]);
  } finally {
    await server.psql("ALTER ROLE CURRENT_USER RESET extra_float_digits");
  }
});

const SAME = new Set([
  "bool",
  "i32",
  "i64",
  "f32",
  "f64",
  "timestamp",
  "time",
  "decimal",
  "utf8",
  "bytes",
]);

test("PostgresSource reads what PostgresPublisher wrote, bit by bit", async () => {
  let at = 0;
  await fc.assert(
    fc.asyncProperty(schemaAndRows, async ({ schema: given, rows: all }) => {
      const fields = given.fields.filter(({ name, type }) => SAME.has(type.kind) && name !== "");
      const schema: Schema = { fields: fields.map(({ name, type }) => ({ name, type })) };
      const names = new Set(fields.map(({ name }) => name));
      const rows = all.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name)))
      );
      const far = rows.some((row) =>
        Object.values(row).some((x) => typeof x === "string" && x.includes("\0"))
      );
      const isLate = fields.some(({ name, type }) =>
        type.kind === "timestamp" && rows.some((row) => Math.abs(Number(row[name])) > 6e13)
      );
      if (fields.length === 0 || far || isLate) return;
      const batch = RecordBatch.fromRows(rows, { schema }) as RecordBatch;
      const table = `same_${at++}`;
      {
        await using sink = new PostgresPublisher({
          url: server.url,
          table,
          create: true,
          mode: "copy",
        });
        await sink.publish(batch);
      }
      const back = await read({ query: `SELECT * FROM ${table} ORDER BY ctid`, batchRows: 7 });
      const kinds = (of: RecordBatch) => of.schema.fields.map(({ type }) => type.kind);
      assertEquals(kinds(back[0]), kinds(batch));
      const plain = (of: RecordBatch) => of.toJson();
      assertEquals(plain(RecordBatch.concat(back)), plain(batch));
    }),
    { numRuns: 30 },
  );
});

test("PostgresSource gives batches of their size, and the columns of no rows", async () => {
  const lengths = async (rows: number, batchRows: number) => {
    const query = "SELECT g::int AS g FROM generate_series(1, $1) AS g";
    const batches = await read({ query, parameters: [rows], batchRows });
    const values = batches.flatMap((batch) => batch.toRows().map(({ g }) => g));
    assertEquals(values, Array.from({ length: rows }, (_, i) => i + 1));
    assertEquals(batches[0].names, ["g"]);
    return batches.map(({ length }) => length);
  };
  assertEquals(await lengths(0, 10), [0]);
  assertEquals(await lengths(9, 10), [9]);
  assertEquals(await lengths(25, 10), [10, 10, 5]);
  assertEquals((await lengths(20, 10)).filter((length) => length > 0), [10, 10]);
  assertEquals(await lengths(5000, 4096), [4096, 904]);
});

test("PostgresSource fetches one batch ahead and no more", async () => {
  const query = "SELECT pg_advisory_lock(g), g FROM generate_series(1, 1000) AS g";
  const rows = open({ query, batchRows: 10 });
  await rows.next();
  const locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
  while (await server.psql(locks) !== "20");
  for (let i = 0; i < 5; i++) assertEquals(await server.psql(locks), "20");
  await rows.return(undefined);
  await untilLeft();
});

test("PostgresSource ends its cursor when it is aborted, also within a long query", async () => {
  const [stop, reason] = [new AbortController(), new Error("enough")];
  const rows = open({ query: "SELECT g FROM generate_series(1, 1000000) AS g" }, stop.signal);
  await rows.next();
  stop.abort(reason);
  assertEquals(await assertRejects(() => rows.next()), reason);
  await untilLeft();
  const again = new AbortController();
  const waiting = open({ query: "SELECT pg_sleep(1000)" }, again.signal).next();
  waiting.catch(() => {}); // is looked at below
  while (
    await server.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") === "0"
  );
  again.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
  await untilLeft();
});

test("PostgresSource says what was wrong with a query, a value or the connection", async () => {
  const where = `Cannot read from database "postgres" at 127.0.0.1:${server.port}: `;
  const syntax = await refuses({ query: "SELEC 1" }, where, "syntax error", "42601");
  assert(syntax instanceof PostgresError);
  assertEquals([syntax.sqlState, syntax.retriable], ["42601", false]);
  await refuses({ query: "DELETE FROM nowhere" }, "42601");
  for (const query of ["SELECT 1; SELECT 2", "SELECT 1; COMMIT; CREATE TABLE left_open (x int)"]) {
    await refuses({ query }, "multiple commands", "42601");
  }
  await refuses({ query: "SELECT * FROM nowhere" }, '"nowhere" does not exist', "42P01");
  await refuses({ query: "SELECT nextval('nowhere')" }, "42P01");
  await refuses({ query: "SELECT 1 AS a, 2 AS a" }, 'gives two columns the name "a"', "by AS");
  await refuses(
    {
      query:
        "SELECT i, CASE i WHEN 8 THEN 'infinity'::date ELSE '2024-01-01' END AS day FROM generate_series(1, 9) AS i",
      batchRows: 3,
    },
    'row 7, column "day": date "infinity" (string) does not fit into date; cast it in the query',
  );
  await server.psql("CREATE TABLE odd (n numeric(5, 2)); INSERT INTO odd VALUES (1.5), ('NaN')");
  await refuses(
    { query: "SELECT n FROM odd" },
    'row 1, column "n": numeric "NaN" (string)',
    "decimal",
  );
  const refused = await refuses({ query: "SELECT 1", password: "wr0ng" }, "28P01");
  assert(!Deno.inspect(refused, { depth: 10 }).includes("wr0ng"));
  const rows = open({ query: "SELECT * FROM generate_series(1, 1000)", batchRows: 10 });
  await rows.next();
  await server.psql(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'waggle'",
  );
  const lost = await assertRejects(async () => {
    for (;;) await rows.next();
  }, PostgresError);
  assertEquals(lost.retriable, true);
});

test("PostgresSource is what a generator learns from", async () => {
  const query = "SELECT g % 3 AS x, 'city ' || g % 3 AS city FROM generate_series(1, 300) AS g";
  const generator = await SyntheticGenerator.fit(new PostgresSource({ url: server.url, query }));
  const cities = new Set(generator.sample(200).toRows().map((row) => `${row.x} ${row.city}`));
  assertEquals([...cities].toSorted(), ["0 city 0", "1 city 1", "2 city 2"]);
});

test("PostgresSource is the source of a pipeline, as often as it is run", async () => {
  const source = new PostgresSource<{ at: number; key: string }>({
    url: server.url,
    query:
      `SELECT '2024-01-01'::timestamptz + g * interval '1 second' AS at, chr((65 + g % 3)::int) AS key
      FROM generate_series(0, 599) AS g`,
    batchRows: 100,
  });
  const minutes = from(source, { workers: 1 }).timestamps("at").keyBy("key")
    .window(new TumblingWindow({ size: "5m" })).aggregate({ rows: count() });
  for (let run = 0; run < 2; run++) {
    const results = await Array.fromAsync(minutes);
    assertEquals(results.map(({ key, rows }) => [key, Number(rows)]), [
      ...[["A", 100], ["B", 100], ["C", 100]],
      ...[["A", 100], ["B", 100], ["C", 100]],
    ]);
  }
});

Deno.test("PostgresSource refuses options that it does not take", () => {
  // deno-lint-ignore no-explicit-any -- programs that are not type-checked
  const made = (options: any) => () => new PostgresSource(options);
  const good = { url: "postgres://me:pw@localhost/db", query: "SELECT 1" };
  assertThrows(made(undefined), TypeError, "the options are an object such as");
  assertThrows(made({ ...good, qery: "t" }), TypeError, "did you mean query?");
  assertThrows(made({ ...good, query: " " }), TypeError, "query must be a text");
  assertThrows(made({ ...good, parameters: "x" }), TypeError, "parameters must be a list");
  assertThrows(made({ ...good, parameters: [1, {}] }), TypeError, "parameter $2 must be a text");
  assertThrows(
    made({ ...good, batchRows: 0 }),
    RangeError,
    "batchRows must be a whole number from 1",
  );
  assertThrows(made({ ...good, numeric: "f64" }), TypeError, "numeric must be");
  assertThrows(made({ query: "SELECT 1" }), TypeError, "user must be a text");
});
