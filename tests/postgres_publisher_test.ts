import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as fc from "fast-check";
import {
  type DataType,
  from,
  IterableSource,
  RecordBatch,
  schema,
  StreamingError,
  types,
} from "../mod.ts";
import {
  PostgresError,
  PostgresPublisher,
  type PostgresPublisherOptions,
} from "../src/publishers/postgres/postgres.ts";
import { counterpart } from "./support/counterpart.ts";
import { schemaAndRows } from "./support/batches.ts";
import { PASSWORD, postgres, PostgresServer, type Psql } from "./support/postgres.ts";
import { EVERY_NULL, EVERY_TYPE, EVERY_VALUE } from "./support/every_type.ts";
import { type PublisherCase, rowsOf, testPublisher } from "./support/publisher_suite.ts";
import { runScript } from "./support/run_script.ts";

const ID_NAME = schema({ id: types.f64, name: types.utf8 });
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

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count), { schema: ID_NAME }) as RecordBatch;
}

let tables = 0;

/** A name that no other test has. */
function newTable(): string {
  return `t${++tables}`;
}

type Options = Partial<PostgresPublisherOptions> & { table: string };

function publisher(options: Options): PostgresPublisher {
  return new PostgresPublisher({ url: server.url, ...options });
}

async function write(batches: readonly RecordBatch[], options: Options): Promise<void> {
  await using sink = publisher(options);
  for (const batch of batches) await sink.publish(batch);
}

async function refuses(
  row: object,
  options: Options & { fields?: Parameters<typeof schema>[0] },
  ...parts: readonly string[]
): Promise<StreamingError> {
  const { fields, ...rest } = options;
  const how = fields ? { schema: schema(fields) as never } : {};
  const batch = RecordBatch.fromRows([row], how) as RecordBatch;
  const error = await assertRejects(() => write([batch], rest), StreamingError);
  for (const part of parts) assertStringIncludes(error.message, part);
  return error;
}

/** What makes a table fail the next statements, in a way that rolling back does not undo. */
const FAILING = (table: string) => `
  CREATE TABLE ${table} (id double precision, name text, place bigserial);
  CREATE SEQUENCE ${table}_tried;
  CREATE TABLE ${table}_fails AS SELECT 0::bigint AS until;
  CREATE FUNCTION ${table}_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('${table}_tried') <= (SELECT until FROM ${table}_fails) THEN
      RAISE EXCEPTION 'not now' USING ERRCODE = '40001';
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER fail BEFORE INSERT ON ${table} EXECUTE FUNCTION ${table}_check();`;

async function openCase(options: Partial<PostgresPublisherOptions>): Promise<PublisherCase> {
  const table = newTable();
  await server.psql(FAILING(table));
  let holder: Psql | undefined;
  return {
    publisher: publisher({ table, ...options }),
    arrived: () => server.rows(`SELECT id, name FROM ${table} ORDER BY place`),
    stall: async () => {
      holder = server.session();
      await holder.run(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
    },
    go: async () => {
      await holder?.close();
      holder = undefined;
    },
    failNext: async (n) =>
      void await server.psql(
        `SELECT setval('${table}_tried', 1, false); UPDATE ${table}_fails SET until = ${n}`,
      ),
    break: async () =>
      void await server.psql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity " +
          "WHERE application_name = 'waggle'",
      ),
    [Symbol.asyncDispose]: async () => await holder?.close(),
  };
}

if (postgres.path !== undefined) {
  const secret = PASSWORD;
  testPublisher("PostgresPublisher", () => openCase({}), { secret, atLeastOnce: true });
  testPublisher("PostgresPublisher with rows in parameters", () => openCase({ mode: "insert" }), {
    secret,
    atLeastOnce: true,
  });
}

/** The rows go as binary data, but where there is a decimal among them. */
const WAYS = [
  { mode: "copy", as: "text", omits: "" },
  { mode: "copy", as: "binary data", omits: "decimal" },
  { mode: "insert", as: "parameters", omits: "" },
] as const;

for (const { mode, as, omits } of WAYS) {
  test(`psql reads every type as it was put in by mode "${mode}", as ${as}`, async () => {
    const without = <T>(of: readonly T[], at: number) => of.filter((_, i) => !omits || i !== at);
    const table = newTable();
    const odd = { ...EVERY_NULL, f32: NaN, f64: -Infinity, utf8: "\\.", dict: "NULL" };
    const rows = [EVERY_VALUE, EVERY_NULL, odd] as never[];
    const all = RecordBatch.fromRows(rows, { schema: EVERY_TYPE }) as RecordBatch;
    const batch = all.select(all.names.filter((name) => name !== omits)) as RecordBatch;
    await write([batch], { table, create: true, mode });
    const names = batch.names.map((name) => `"${name}"`);
    const cells = names.map((name) => `coalesce(trim(quote_literal(${name}::text)), '-')`);
    const text = await server.psql(
      `SET TimeZone TO 'Asia/Tokyo'; SELECT concat_ws('|', ${cells}) FROM ${table}`,
    );
    const [first, second] = [text.slice(0, text.indexOf("\n-|")), text.split("\n-|")];
    assertEquals(
      first.split("|"),
      without([
        ...["'true'", "'-7'", "'9223372036854775807'", "'0.5'", "'-1e+300'"],
        ...["'2024-02-29 21:30:15.25+09'", "'2024-02-29'", "'12:30:15.25'"],
        ...["'12345678901234567.890'", `E'it''s "Löwe", 🦁\\\\n\r\n\\\\.'`, "''", "E'\\\\x00ff'"],
        ...["'[1, null, 1152921504606846976]'", `'{"x": 1.5}'`, `'{"a": true}'`, `'"5"'`],
      ], 8),
    );
    assertEquals(second[1], names.slice(1).map(() => "-").join("|"));
    assertStringIncludes(
      second[2],
      `'NaN'|'-Infinity'|${without(["-", "-", "-", "-"], 3).join("|")}|E'\\\\.'|'NULL'|-`,
    );
    const shown = await server.psql(
      `SELECT format_type(atttypid, atttypmod) FROM pg_attribute ` +
        `WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    assertEquals(
      shown.split("\n"),
      without([
        ...["boolean", "integer", "bigint", "real", "double precision", "timestamp with time zone"],
        ...["date", "time without time zone", "numeric(20,3)", "text", "text", "bytea"],
        ...["jsonb", "jsonb", "jsonb", "jsonb"],
      ], 8),
    );
  });
}

test("PostgresPublisher writes a lone column of nulls, of empty texts and of what ends data", async () => {
  // Of "name" there is no binary form, so that it is written as text.
  for (const [mode, type] of [["copy", "text"], ["copy", "name"], ["insert", "text"]] as const) {
    const table = newTable();
    await server.psql(`CREATE TABLE ${table} (x ${type})`);
    const values = ["", null, "\\.", "a,b", '"', "NULL", "\n", null];
    const batch = RecordBatch.fromRows(values.map((x) => ({ x }))) as RecordBatch;
    await write([batch, batch], { table, mode });
    const rows = await server.rows(`SELECT x FROM ${table} ORDER BY ctid`);
    assertEquals(rows.map(({ x }) => x), [...values, ...values]);
  }
});

test("PostgresPublisher writes a batch of many pieces, and refuses one for a cell of the last", async () => {
  const table = newTable();
  const fields = schema({
    at: types.timestamp,
    day: types.date,
    n: types.i64,
    s: types.utf8,
    d: types.dict,
  });
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    at: i % 7 === 0 ? null : i * 30_000_000_000 - 6e13,
    day: i * 300 - 700_000,
    n: BigInt(i) * -(2n ** 45n),
    s: i % 3 === 0 ? null : "x".repeat(i % 100),
    d: `d${i % 5}`,
  }));
  const batch = RecordBatch.fromRows(rows, { schema: fields }) as RecordBatch;
  await write([batch], { table, create: true });
  const ms = `(extract(epoch FROM at) * 1000)::bigint::text`;
  const back = await server.rows(
    `SELECT ${ms} AS at, day - '1970-01-01' AS day, n::text, s, d FROM ${table} ORDER BY day`,
  );
  const texts = rows.map((row) => ({
    ...row,
    at: row.at === null ? null : String(row.at),
    n: String(row.n),
  }));
  assertEquals(back, texts);
  for (
    const [name, far] of [["at", 253_402_300_800_000], ["at", -62_135_596_800_001], [
      "day",
      2_932_897,
    ]] as const
  ) {
    const worse = RecordBatch.fromRows([...rows, { ...rows[0], [name]: far }], { schema: fields });
    const error = await assertRejects(
      () => write([worse as RecordBatch], { table }),
      StreamingError,
    );
    assertStringIncludes(error.message, `column "${name}"`);
    assertStringIncludes(error.message, `${far} is out of the years 1 to 9999`);
    assertEquals(error.retriable, false);
  }
  assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "10000");
});

test("PostgresPublisher updates rows by their keys, the last one of a batch too", async () => {
  const rows = (...rows: [number, string, number | null][]) =>
    RecordBatch.fromRows(rows.map(([id, kind, value]) => ({ id, kind, value }))) as RecordBatch;
  const batches = [
    rows([1, "a", 1], [1, "b", 2], [2, "a", 3]),
    rows([1, "a", 4], [3, "a", 5], [1, "a", 6], [1, "b", null]),
    rows([3, "a", 7]),
  ];
  for (const mode of ["copy", "insert"] as const) {
    const table = newTable();
    const upsert = ["id", "kind"];
    await write(batches, { table, create: true, upsert, mode });
    assertEquals(
      await server.psql(`SELECT * FROM ${table} ORDER BY id, kind`),
      "1|a|6\n1|b|\n2|a|3\n3|a|7",
    );
    const keys = batches.map((batch) => batch.select(["id", "kind"]) as RecordBatch);
    await write(keys, { table, upsert, mode });
    assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "4");
    const { retriable } = await refuses(
      { id: null, kind: "a" },
      { table, upsert, mode },
      'row 0 of the batch is null in column "id"',
    );
    assertEquals(retriable, false);
    await refuses(
      { id: 1, kind: "a" },
      { table, upsert: ["id"], mode },
      "42P10",
      "no unique or exclusion constraint",
    );
  }
});

test("PostgresPublisher goes on behind a batch that was refused, with nothing of it left", async () => {
  for (const mode of ["copy", "insert"] as const) {
    for (const upsert of [undefined, ["id"]]) {
      const table = newTable();
      await server.psql(`CREATE TABLE ${table} (id int PRIMARY KEY, day date)`);
      await using sink = publisher({ table, mode, ...(upsert && { upsert }) });
      const batch = (days: readonly string[]) =>
        RecordBatch.fromRows(
          days.map((day, i) => ({ id: Number(day.slice(-2)) * 10 + i, day })),
        ) as RecordBatch;
      await sink.publish(batch(["2024-01-01", "2024-01-02"]));
      const error = await assertRejects(
        () => sink.publish(batch(["2024-01-03", "2024-02-30"])),
        PostgresError,
      );
      assertEquals([error.sqlState, error.retriable], ["22008", false]);
      if (mode === "copy") assertStringIncludes(error.message, "line 2, column day");
      await sink.publish(batch(["2024-01-04"]));
      assertEquals(await server.psql(`SELECT count(*), max(day) FROM ${table}`), "3|2024-01-04");
    }
  }
});

test("PostgresPublisher names the column of a table that does not fit", async () => {
  const table = newTable();
  await server.psql(
    `CREATE DOMAIN ${table}_word AS varchar(3);
    CREATE TABLE ${table} (i integer, r real, s text, n numeric(6, 2), b bytea, w ${table}_word, u uuid,
      g integer GENERATED ALWAYS AS (i + 1) STORED);
    CREATE TABLE ${table}_must (id int GENERATED ALWAYS AS IDENTITY, a text NOT NULL, b text NOT NULL DEFAULT 'x');
    CREATE VIEW ${table}_view AS SELECT count(*) AS i FROM ${table}`,
  );
  await refuses({ i: 1, x: 2 }, { table }, 'it has no column "x"; it has "i", "r"');
  await refuses({ g: 2 }, { table }, 'its column "g" is computed by the database');
  const cases = [
    [{ i: "007" }, '"i" is integer', "is utf8"],
    [{ i: 0.5 }, '"i" is integer', "is f64"],
    [{ r: 0.1 }, '"r" is real', "is f64"],
    [{ s: 7 }, '"s" is text', "is i32"],
    [{ s: Uint8Array.of(1) }, '"s" is text', "is bytes"],
    [{ b: "text" }, '"b" is bytea', "is utf8"],
  ] as const;
  for (const [row, ...parts] of cases) {
    assertEquals((await refuses(row, { table }, ...parts)).retriable, false);
  }
  await refuses(
    { n: "1.505" },
    { table, fields: { n: types.decimal(6, 3) } },
    "numeric(6,2)",
    "decimal(6, 3)",
  );
  for (const mode of ["copy", "insert"] as const) {
    await refuses({ w: "long" }, { table, mode }, "value too long", "22001");
    await refuses({ u: "no" }, { table, mode }, "invalid input syntax for type uuid", "22P02");
    await refuses({ i: 2n ** 40n }, { table, mode }, "out of range", "22003");
    await refuses({ s: "a\0b" }, { table, mode }, "0x00", "22021");
  }
  await refuses({ b: "x" }, { table: `${table}_must` }, '"a" must not be null and has no default');
  await refuses({ i: 1n }, { table: `${table}_view` }, "55000");
  await refuses(
    { i: 1 },
    { table: "nowhere" },
    "there is no such table; make it, or pass create: true",
  );
  await refuses({}, { table }, "the batch has no columns");
  await refuses({ ["x".repeat(64)]: 1 }, { table: "none", create: true }, "has more than 63 bytes");
  assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "0");
  const uuid = "c0ffee00-0000-4000-8000-000000000000";
  const fields = { i: types.i64, s: types.list(types.i32), w: types.dict, u: types.utf8 };
  const batch = RecordBatch.fromRows([{ i: 5n, s: [1], w: "abc", u: uuid }], {
    schema: schema(fields),
  });
  for (const mode of ["copy", "insert"] as const) {
    await write([batch as RecordBatch], { table, mode });
  }
  assertEquals(
    await server.psql(`SELECT DISTINCT i, s, w, u, g FROM ${table}`),
    `5|[1]|abc|${uuid}|6`,
  );
});

test("PostgresPublisher refuses columns that would round its values or cut them off", async () => {
  const table = newTable();
  await server.psql(
    `CREATE DOMAIN ${table}_price AS numeric(10, 1);
    CREATE DOMAIN ${table}_second AS timestamptz(0);
    CREATE TABLE ${table} (z timestamptz(0), t timestamp(2), c time(0), h numeric(5, -2),
      p ${table}_price, s ${table}_second, one "char", kept timestamptz(3))`,
  );
  const cases: [string, DataType, unknown, string][] = [
    ["z", types.timestamp, 1_789, "timestamp(0) with time zone"],
    ["t", types.timestamp, 1_789, "timestamp(2) without time zone"],
    ["c", types.time, 86_399_999, "time(0) without time zone"],
    ["h", types.decimal(3, 0), "149", "numeric(5,-2)"],
    ["h", types.i32, 149, "numeric(5,-2)"],
    ["h", types.i64, 149n, "numeric(5,-2)"],
    ["p", types.decimal(10, 2), "1.25", `${table}_price`],
    ["s", types.timestamp, 1_789, `${table}_second`],
    ["one", types.utf8, "abc", '"char"'],
  ];
  for (const mode of ["copy", "insert"] as const) {
    for (const [name, type, value, shown] of cases) {
      const how = { table, mode, fields: { [name]: type } };
      await refuses({ [name]: value }, how, `"${name}" is ${shown}, which does not hold`);
    }
    const kept = schema({ kept: types.timestamp, p: types.decimal(10, 1) });
    const batch = RecordBatch.fromRows([{ kept: 1_789, p: "1.5" }], { schema: kept });
    await write([batch as RecordBatch], { table, mode });
  }
  assertEquals(
    await server.psql(`SELECT DISTINCT kept AT TIME ZONE 'UTC', p FROM ${table}`),
    "1970-01-01 00:00:01.789|1.5",
  );
});

test("PostgresPublisher writes texts of a length, and domains of domains, whole in each mode", async () => {
  const table = newTable();
  await server.psql(
    `CREATE DOMAIN ${table}_n AS integer; CREATE DOMAIN ${table}_p AS ${table}_n CHECK (VALUE > 0);
    CREATE TABLE ${table} (c char(10), b bit(3), v bit varying(3), p ${table}_p)`,
  );
  const batch = RecordBatch.fromRows([{ c: "abcdef", b: "101", v: "10", p: 5 }]) as RecordBatch;
  for (const mode of ["copy", "insert"] as const) await write([batch], { table, mode });
  assertEquals(
    await server.psql(`SELECT count(*), c, b, v, p FROM ${table} GROUP BY 2, 3, 4, 5`),
    [
      ...["2", "abcdef    ", "101", "10", "5"],
    ].join("|"),
  );
  for (const mode of ["copy", "insert"] as const) {
    await refuses({ c: "elevenchars" }, { table, mode }, "too long for type character(10)");
    await refuses({ p: -1 }, { table, mode }, "violates check constraint");
  }
});

test("PostgresPublisher writes batches of any size into a view", async () => {
  const table = newTable();
  await server.psql(
    `CREATE TABLE ${table}_all (id double precision PRIMARY KEY, name text, more int DEFAULT 7);
    CREATE VIEW ${table} AS SELECT id, name FROM ${table}_all`,
  );
  await write([batchOf(0, 10), batchOf(10, 100)], { table });
  await write([batchOf(0, 3_000)], { table, upsert: ["id"] });
  assertEquals(await server.psql(`SELECT count(*), min(more) FROM ${table}_all`), "3000|7");
});

test("PostgresPublisher quotes whatever names there are, of schemas too", async () => {
  await server.psql('CREATE SCHEMA "a.b"');
  const row = { 'a"b': 1, "x; DROP TABLE t --": 2, "select": 3, "place": 4, "ü 1": 5, "$1": 6 };
  const batch = RecordBatch.fromRows([row, row]) as RecordBatch;
  for (const mode of ["copy", "insert"] as const) {
    const table = `t"); DROP TABLE "${mode}`;
    await write([batch, batch], {
      schema: "a.b",
      table,
      create: true,
      upsert: ["place", 'a"b'],
      mode,
    });
    assertEquals(await server.rows(`SELECT * FROM "a.b"."${table.replaceAll('"', '""')}"`), [row]);
  }
  await refuses(
    { "a\0": 1 },
    { table: newTable(), create: true },
    "there is a zero character in it",
  );
});

test("PostgresPublisher stores by COPY what it stores by parameters, whatever the rows", async () => {
  await fc.assert(
    fc.asyncProperty(schemaAndRows, async ({ schema, rows }) => {
      if (schema.fields.some(({ name }) => name === "")) return; // PostgreSQL has no such names
      if (schema.fields.length === 0) return;
      const table = newTable();
      const batch = RecordBatch.fromRows(rows, { schema }) as RecordBatch;
      const outcomes: unknown[] = [];
      for (const mode of ["copy", "insert"] as const) {
        await using sink = publisher({ table: `${table}_${mode}`, create: true, mode });
        outcomes.push(await sink.publish(batch).then(() => "stored", (error) => error.retriable));
      }
      assertEquals(outcomes[0], outcomes[1]);
      const all = (mode: string) =>
        server.psql(`SELECT r::text FROM ${table}_${mode} AS r ORDER BY ctid`);
      assertEquals(await all("copy"), await all("insert"));
      const count = await server.psql(`SELECT count(*) FROM ${table}_copy`);
      assertEquals(Number(count), outcomes[0] === "stored" ? rows.length : 0);
    }),
    { numRuns: 25 },
  );
});

test("PostgresPublisher connects again when the server was restarted", async () => {
  const table = newTable();
  await using sink = publisher({ table, create: true });
  await sink.publish(batchOf(0, 100));
  await server.stop();
  const error = await assertRejects(() => sink.publish(batchOf(100, 100)), PostgresError);
  assertEquals(error.retriable, true);
  assertStringIncludes(
    error.message,
    `Cannot write to table "${table}" of database "postgres" at 127.0.0.1`,
  );
  await server.start();
  await sink.publish(batchOf(100, 100));
  await server.stop();
  await server.start();
  await sink.publish(batchOf(200, 100)); // the connection was lost while nothing was sent
  assertEquals(await server.psql(`SELECT count(*), count(DISTINCT id) FROM ${table}`), "300|300");
});

/** What makes a table wait for long at a row in the middle. */
const SLOW = (table: string) => `
  CREATE TABLE ${table} (id double precision PRIMARY KEY, name text);
  CREATE FUNCTION ${table}_wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id = 50 THEN PERFORM pg_sleep(1000); END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER slow BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_wait();`;

test("PostgresPublisher leaves nothing of a batch in whose middle the connection was lost", async () => {
  for (const mode of ["copy", "insert"] as const) {
    for (const upsert of [undefined, ["id"]]) {
      const table = newTable();
      await server.psql(SLOW(table));
      await using sink = publisher({ table, mode, ...(upsert && { upsert }) });
      const batch = batchOf(0, 100);
      const publishing = sink.publish(batch);
      publishing.catch(() => {}); // is looked at below
      const sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      while (await server.psql(`SELECT count(*) ${sleeping}`) === "0");
      await server.psql(`SELECT pg_terminate_backend(pid, 5000) ${sleeping}`);
      const error = await assertRejects(() => publishing, PostgresError);
      assertEquals(error.retriable, true, error.message);
      assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "0");
      await server.psql(`DROP TRIGGER slow ON ${table}`);
      await sink.publish(batch);
      assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "100");
    }
  }
});

test("PostgresPublisher has the server stop what was aborted", async () => {
  for (const upsert of [undefined, ["id"]]) {
    const table = newTable();
    await server.psql(`CREATE TABLE ${table} (id double precision PRIMARY KEY, name text)`);
    const holder = server.session();
    await holder.run(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
    await using sink = publisher({ table, mode: "copy", ...(upsert && { upsert }) });
    const stop = new AbortController();
    const publishing = sink.publish(batchOf(0, 100), { signal: stop.signal });
    const waiting =
      `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
    while (await server.psql(waiting) === "0");
    stop.abort(new Error("enough"));
    await assertRejects(() => publishing, Error, "enough");
    while (await server.psql(waiting) !== "0");
    await holder.close();
    await sink.publish(batchOf(100, 100));
    assertEquals(await server.psql(`SELECT count(*), min(id) FROM ${table}`), "100|100");
  }
});

test("PostgresPublisher tells why it may not connect, and no password", async () => {
  const table = newTable();
  const wrong = { table, url: server.url.replace("s3cret", "wr0ng") };
  const inspected = (error: unknown) => Deno.inspect(error, { depth: 10 });
  const refused = await refuses({ x: 1 }, wrong, "password authentication failed", "28P01");
  assertEquals(refused.retriable, false);
  assert(!/wr0ng/.test(inspected(refused)));
  const other = await refuses(
    { x: 1 },
    { table, database: "nope" },
    '"nope" does not exist',
    "3D000",
  );
  assertEquals(other.retriable, false);
  const closed = await refuses({ x: 1 }, { table, port: 1 }, "ECONNREFUSED");
  assertEquals([closed.retriable, /s3cret/.test(inspected(closed))], [true, false]);
  const plain = await refuses({ x: 1 }, { table, tls: true }, "does the server speak TLS?");

  assert(!/s3cret/.test(inspected(plain)));
  const bad = assertThrows(() => publisher({ table, url: "postgres://me:s3cret@:x" }), TypeError);
  assert(!/s3cret/.test(inspected(bad)), bad.message);
});

test("PostgresPublisher works with the flags that docs/databases.md lists, over a Unix socket too", async () => {
  const table = newTable();
  const script = (options: string) => `
    import { RecordBatch } from "@waggle/stream";
    import { PostgresPublisher } from "@waggle/stream/postgres";
    try {
      await using sink = new PostgresPublisher({ table: "${table}", create: true, ${options} });
      await sink.publish(RecordBatch.fromRows([{ x: 1 }]));
      console.log("taken");
    } catch (error) {
      console.log(error.message);
    }`;
  const env = "--allow-env=PGAPPNAME,PGTARGETSESSIONATTRS";
  const run = async (options: string, ...flags: string[]) =>
    (await runScript(script(options), ["--no-check", ...flags])).out;
  const net = `--allow-net=127.0.0.1:${server.port}`;
  assertEquals(await run(`url: ${JSON.stringify(server.url)}`, env, net), "taken\n");
  assertStringIncludes(await run(`url: ${JSON.stringify(server.url)}`, env), "Requires net access");
  const socket = `${server.folder}/.s.PGSQL.${server.port}`;
  const files = [`--allow-read=${socket}`, `--allow-write=${socket}`];
  const local =
    `host: "${server.folder}", port: ${server.port}, user: "waggle", database: "postgres"`;
  assertEquals(await run(local, env, `--allow-net=unix:${socket}`, ...files), "taken\n");
  assertEquals(await server.psql(`SELECT count(*) FROM ${table}`), "2");
  const page = await Deno.readTextFile(new URL("../docs/databases.md", import.meta.url));
  assertStringIncludes(page, `${env} --allow-net=localhost:5432`);
});

const openssl = counterpart({ program: "openssl", purpose: "make certificates for a server" });

async function opensslRuns(...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const args = line.split(" ");
    const { success, stderr } = await new Deno.Command(openssl.path!, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
  }
}

/** Gives the server a certificate of an authority, whose own it returns. */
async function certify(): Promise<string> {
  const at = `${server.folder}/data`;
  const [key, authority] = [`${at}/server.key`, `${server.folder}/authority`];
  await Deno.writeTextFile(`${authority}.ext`, "subjectAltName=DNS:localhost");
  const made = "-newkey rsa:2048 -nodes -days 2 -subj";
  await opensslRuns(
    `req -x509 ${made} /CN=authority -keyout ${authority}.key -out ${authority}.pem`,
    `req ${made} /CN=localhost -keyout ${key} -out ${authority}.csr`,
    `x509 -req -in ${authority}.csr -CA ${authority}.pem -CAkey ${authority}.key -CAcreateserial ` +
      `-days 2 -extfile ${authority}.ext -out ${at}/server.crt`,
  );
  const { uid, gid } = await Deno.stat(at);
  await Deno.chmod(key, 0o600);
  for (const path of [key, `${at}/server.crt`]) await Deno.chown(path, uid, gid);
  await server.psql("ALTER SYSTEM SET ssl = on; SELECT pg_reload_conf()");
  return `${authority}.pem`;
}

Deno.test(
  openssl.test("PostgresPublisher speaks TLS with a server whose certificate it can verify", async () => {
    const certificate = await certify();
    const url = `${server.url.replace("127.0.0.1", "localhost")}?sslmode=require`;
    const script = `
    import { RecordBatch } from "@waggle/stream";
    import { PostgresPublisher } from "@waggle/stream/postgres";
    try {
      await using sink = new PostgresPublisher({ url: ${
      JSON.stringify(url)
    }, table: "tls", create: true });
      const rows = Array.from({ length: 20_000 }, (_, x) => ({ x, text: "y".repeat(50) }));
      await sink.publish(RecordBatch.fromRows(rows));
      console.log("taken");
    } catch (error) {
      console.log(error.retriable, error.message);
    }`;
    const flags = [
      "--no-check",
      "--allow-env=PGAPPNAME,PGTARGETSESSIONATTRS",
      `--allow-net=localhost:${server.port}`,
    ];
    assertEquals(await runScript(script, [...flags, `--cert=${certificate}`]), {
      code: 0,
      out: "taken\n",
      error: "",
    });
    const { out } = await runScript(script, flags);
    assertStringIncludes(out, "false Cannot write to table");
    assertStringIncludes(
      out,
      "unable to verify the first certificate; for an authority of your own, run Deno with --cert",
    );
    assertEquals(await server.psql("SELECT count(*) FROM tls"), "20000");
  }),
);

test("PostgresPublisher takes the results of a pipeline", async () => {
  const table = newTable();
  {
    await using sink = publisher({ table, create: true });
    const rows = new IterableSource(rowsOf(0, 5000), { schema: ID_NAME });
    await from(rows, { workers: 1 }).to(sink).run();
  }
  assertEquals(await server.psql(`SELECT count(*), max(name) FROM ${table}`), "5000|röw 999");
});

Deno.test("PostgresPublisher refuses options that it does not take", () => {
  // deno-lint-ignore no-explicit-any -- programs that are not type-checked
  const made = (options: any) => () => new PostgresPublisher(options);
  const good = { url: "postgres://me:pw@localhost/db", table: "t" };
  assertThrows(made(undefined), TypeError, "the options are an object such as");
  assertThrows(made({ ...good, tabel: "t" }), TypeError, "did you mean table?");
  assertThrows(made({ ...good, table: "" }), TypeError, "table must be the name of a table");
  assertThrows(made({ ...good, table: "ö".repeat(32) }), TypeError, "table must have at most 63");
  assertThrows(made({ ...good, schema: "s".repeat(64) }), TypeError, "schema must have at most 63");
  assertThrows(made({ ...good, mode: "fast" }), TypeError, "mode must be");
  assertThrows(made({ ...good, schema: 5 }), TypeError, "schema must be a name");
  assertThrows(made({ ...good, port: 70_000 }), RangeError, "port must be 1 to 65535");
  assertThrows(made({ ...good, tls: "yes" }), TypeError, "tls must be true or false");
  assertThrows(made({ ...good, connectTimeout: "0s" }), RangeError, "connectTimeout");
  assertThrows(made({ ...good, password: 5 }), TypeError, "password must be a text");
  assertThrows(made({ table: "t" }), TypeError, "user must be a text, alone or in url");
  assertThrows(made({ ...good, url: "http://x" }), TypeError, "must begin with postgres://");
  assertThrows(made({ ...good, url: `${good.url}?sslmode=prefer` }), TypeError, "sslmode must be");
  assertThrows(made({ ...good, url: `${good.url}?pw=5` }), TypeError, 'the parameter "pw"');
});
