import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import {
  from,
  IterableSource,
  type Publisher,
  RecordBatch,
  schema,
  StreamingError,
  types,
} from "../mod.ts";
import {
  SqlitePublisher,
  type SqlitePublisherOptions,
} from "../src/publishers/sqlite/sqlite_publisher.ts";
import { counterpart } from "./support/counterpart.ts";
import { schemaAndRows } from "./support/batches.ts";
import { EVERY_NULL, EVERY_TYPE, EVERY_VALUE } from "./support/every_type.ts";
import { type PublisherCase, rowsOf, testPublisher } from "./support/publisher_suite.ts";
import { runScript } from "./support/run_script.ts";

const sqlite3 = counterpart({
  program: "sqlite3",
  purpose: "read databases that publishers have written",
});
const ID_NAME = schema({ id: types.f64, name: types.utf8 });

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(rowsOf(start, count), { schema: ID_NAME }) as RecordBatch;
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Rows of a query; integers as bigint. */
function ask(path: string, sql: string): Record<string, unknown>[] {
  using db = new DatabaseSync(path);
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all().map((row) => ({ ...row }));
}

function make(path: string, sql: string): void {
  using db = new DatabaseSync(path);
  db.exec(sql);
}

async function write(
  path: string,
  batches: readonly RecordBatch[],
  options: SqlitePublisherOptions,
) {
  await using sink = new SqlitePublisher(path, options);
  for (const batch of batches) await sink.publish(batch);
}

async function refuses(
  path: string,
  rows: readonly object[],
  options: Partial<SqlitePublisherOptions> & { schema?: Parameters<typeof schema>[0] },
  ...parts: readonly string[]
): Promise<StreamingError> {
  const { schema: fields, ...rest } = options;
  const how = fields ? { schema: schema(fields) as never } : {};
  const batch = RecordBatch.fromRows(rows, how) as RecordBatch;
  const error = await assertRejects(
    () => write(path, [batch], { table: "t", ...rest }),
    StreamingError,
  );
  for (const part of parts) assertStringIncludes(error.message, part);
  return error;
}

/** A publisher, and a second connection that can hold the right to write. */
async function openCase(busyTimeout: string): Promise<PublisherCase> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/data.db`;
  const real = new SqlitePublisher(path, { table: "rows", create: true, busyTimeout });
  const other = new DatabaseSync(path);
  other.exec("PRAGMA journal_mode = wal");
  let failures = 0;
  const publisher: Publisher = {
    publish: async (batch, options) => {
      if (failures === 0) return await real.publish(batch, options);
      failures--;
      other.exec("BEGIN IMMEDIATE");
      try {
        return await real.publish(batch, options);
      } finally {
        other.exec("ROLLBACK");
      }
    },
    flush: () => real.flush(),
    [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
  };
  return {
    publisher: busyTimeout === "0s" ? publisher : real,
    arrived: () => {
      const isThere = other.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rows'").get();
      const rows = isThere ? other.prepare("SELECT id, name FROM rows ORDER BY rowid").all() : [];
      return Promise.resolve(rows.map((row) => ({ ...row })));
    },
    stall: () => other.exec("BEGIN IMMEDIATE"),
    go: () => other.exec("ROLLBACK"),
    failNext: (n) => void (failures = n),
    [Symbol.asyncDispose]: async () => {
      other.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

testPublisher("SqlitePublisher", () => openCase("9s"), { cannot: ["failNext", "break"] });
testPublisher("SqlitePublisher that waits for nobody", () => openCase("0s"), {
  cannot: ["stall", "break"],
});

function everyType(): RecordBatch {
  return RecordBatch.fromRows([EVERY_VALUE, EVERY_NULL] as never[], {
    schema: EVERY_TYPE,
  }) as RecordBatch;
}

Deno.test(sqlite3.test("The sqlite3 command reads every type as it was put in", async (program) => {
  await inFolder(async (folder) => {
    const path = `${folder}/types.db`;
    await write(path, [everyType()], { table: "t", create: true });
    await write(path, [everyType()], { table: "texts", create: true, times: "text" });
    const run = async (sql: string) => {
      const { stdout } = await new Deno.Command(program, { args: ["-readonly", path, sql] })
        .output();
      return new TextDecoder().decode(stdout).trimEnd();
    };
    const names = EVERY_TYPE.fields.map(({ name }) => name);
    const quoted = await run(`SELECT ${names.map((name) => `quote("${name}")`)} FROM t`);
    assertEquals(quoted.split("\nNULL|")[0].split("|"), [
      ...["1", "-7", "9223372036854775807", "0.5", "-1.0e+300"],
      ...["1709209815250", "19782", "45015250", "'12345678901234567.890'"],
      ...[`'it''s "Löwe", 🦁\\n\r\n\\.'`, "''", "X'00FF'", "'[1,null,1152921504606846976]'"],
      ...[`'{"x":1.5}'`, `'{"a":true}'`, `'"5"'`],
    ]);
    assertEquals(quoted.endsWith(names.slice(1).map(() => "NULL").join("|")), true);
    assertEquals(
      await run("SELECT timestamp, date, time, unixepoch(timestamp) FROM texts LIMIT 1"),
      "2024-02-29T12:30:15.250Z|2024-02-29|12:30:15.250|1709209815",
    );
    assertEquals(
      await run("SELECT sql FROM sqlite_schema WHERE name = 'texts'"),
      'CREATE TABLE "texts" ("bool" INTEGER, "i32" INTEGER, "i64" INTEGER, "f32" REAL, ' +
        '"f64" REAL, "timestamp" TEXT, "date" TEXT, "time" TEXT, "decimal" TEXT, "utf8" TEXT, ' +
        '"dict" TEXT, "bytes" BLOB, "list" TEXT, "struct" TEXT, "map" TEXT, "mixed" TEXT)',
    );
    assertEquals(await run("PRAGMA integrity_check"), "ok");
  });
}));

/** What SQLite has to give of a value of a column, by another way than the publisher goes. */
function stored(value: unknown, kind: string): unknown {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  switch (kind) {
    case "bool":
    case "i32":
    case "i64":
    case "timestamp":
    case "date":
    case "time":
      return BigInt(value as number);
    case "list":
    case "struct":
    case "map":
    case "mixed":
      return undefined; // RecordBatch.toJson() is asked
    default:
      return Object.is(value, -0) ? 0 : value;
  }
}

Deno.test("SqlitePublisher stores any rows of any columns as they are", async () => {
  await inFolder(async (folder) => {
    let at = 0;
    await fc.assert(
      fc.asyncProperty(schemaAndRows, async ({ schema, rows }) => {
        if (schema.fields.length === 0) return;
        const batch = RecordBatch.fromRows(rows, { schema }) as RecordBatch;
        const table = `t"${at++}`;
        await write(`${folder}/any.db`, [batch], { table, create: true, synchronous: "off" });
        const back = ask(`${folder}/any.db`, `SELECT * FROM "t""${at - 1}" ORDER BY rowid`);
        const json = JSON.parse(batch.toJson().replaceAll(/(?<![\w."])-0(?![\d.])/g, "0"));
        batch.toRows().forEach((row, i) => {
          for (const { name, type } of schema.fields) {
            const wanted = stored(row[name], type.kind);
            const got = back[i][name];
            if (wanted !== undefined) assertEquals(got, wanted, name);
            else {assertEquals(
                JSON.parse(String(got).replaceAll(/(?<![\w."])-0(?![\d.])/g, "0")),
                json[i][name],
              );}
          }
        });
        assertEquals(back.length, batch.length);
      }),
      { numRuns: 60 },
    );
  });
});

Deno.test("SqlitePublisher writes more rows than a statement has, and columns than it has values", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/many.db`;
    for (const rows of [1, 31, 32, 33, 1023, 1024, 1025, 9000]) {
      await write(path, [batchOf(0, rows)], { table: `t${rows}`, create: true });
      const [{ n, sum }] = ask(path, `SELECT count(*) AS n, sum(id) AS sum FROM t${rows}`);
      assertEquals([n, sum], [BigInt(rows), rows * (rows - 1) / 2]);
    }
    const names = Array.from({ length: 1500 }, (_, i) => `c${i}`);
    const row = Object.fromEntries(names.map((name, i) => [name, i]));
    await write(path, [RecordBatch.fromRows([row, row, row]) as RecordBatch], {
      table: "wide",
      create: true,
    });
    assertEquals(ask(path, "SELECT count(*) AS n, sum(c1499) AS s FROM wide"), [
      { n: 3n, s: 4497n },
    ]);
  });
});

Deno.test("SqlitePublisher quotes whatever names there are", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/names.db`;
    const row = { 'a"b': 1, "x; DROP TABLE t --": 2, "select": 3, "": 4, "ü 1": 5, "[y]": 6 };
    const batch = RecordBatch.fromRows([row]) as RecordBatch;
    const table = `t"); DROP TABLE "t`;
    for (let i = 0; i < 2; i++) {
      await write(path, [batch], { table, create: true, upsert: ["", 'a"b'] });
    }
    assertEquals(ask(path, `SELECT * FROM "t""); DROP TABLE ""t"`), [
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, BigInt(value)])),
    ]);
    await refuses(path, [{ "a\0": 1 }], { create: true }, "there is a zero character in it");
    await refuses(path, [{ a: 1, A: 2 }], { create: true }, '"a" and "A" are one and the same');
  });
});

Deno.test("SqlitePublisher updates rows by their keys, the last one of a batch too", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/upsert.db`;
    const rows = (...rows: [number, string, number | null][]) =>
      RecordBatch.fromRows(rows.map(([id, kind, value]) => ({ id, kind, value }))) as RecordBatch;
    const batches = [
      rows([1, "a", 1], [1, "b", 2], [2, "a", 3]),
      rows([1, "a", 4], [3, "a", 5], [1, "a", 6], [1, "b", null]),
    ];
    await write(path, batches, { table: "t", create: true, upsert: ["id", "kind"] });
    assertEquals(ask(path, "SELECT * FROM t ORDER BY id, kind"), [
      { id: 1n, kind: "a", value: 6n },
      { id: 1n, kind: "b", value: null },
      { id: 2n, kind: "a", value: 3n },
      { id: 3n, kind: "a", value: 5n },
    ]);
    const keys = batches.map((batch) => batch.select(["id", "kind"]) as RecordBatch);
    await write(path, keys, { table: "keys", create: true, upsert: ["id", "kind"] });
    assertEquals(ask(path, "SELECT count(*) AS n FROM keys"), [{ n: 4n }]);
    await refuses(
      path,
      [{ id: 1, kind: "a" }, { id: null, kind: "a" }],
      { upsert: ["id", "kind"] },
      'row 1 of the batch is null in column "id", which is a key of the upsert',
    );
    await refuses(
      path,
      [{ id: 1 }],
      { upsert: ["kind"] },
      'the column "kind", which the batch has not',
    );
    await refuses(
      path,
      [{ id: 1, kind: "a" }],
      { upsert: ["id"] },
      "upsert needs a primary key or unique index over exactly its columns",
    );
  });
});

Deno.test("SqlitePublisher names the column of a table that does not fit", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/fit.db`;
    make(
      path,
      `CREATE TABLE t (i INTEGER, r REAL, s TEXT, n NUMERIC, d DATETIME, b BLOB,
        g INTEGER GENERATED ALWAYS AS (i + 1));
      CREATE TABLE must (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL DEFAULT 'x');
      CREATE TABLE strict (i INTEGER NOT NULL CHECK (i < 5)) STRICT;
      CREATE VIEW v AS SELECT i FROM t`,
    );
    await refuses(path, [{ i: 1, x: 2 }], {}, 'it has no column "x"; it has "i", "r"');
    await refuses(path, [{ g: 2 }], {}, 'its column "g" is computed by the database');
    const cases = [
      [{ i: "007" }, '"i" is INTEGER, which would make numbers of texts', "is utf8"],
      [{ n: "007" }, '"n" is NUMERIC, which would make numbers of texts', "is utf8"],
      [{ s: 7 }, '"s" is TEXT, which would make texts of numbers', "is i32"],
      [{ s: 0.5 }, '"s" is TEXT, which would make texts of numbers', "is f64"],
      [{ r: 7n }, '"r" is REAL, which does not hold integers beyond 2^53', "is i64"],
      [{ s: Uint8Array.of(1) }, '"s" is TEXT, which is for something else', "is bytes"],
    ] as const;
    for (const [row, ...parts] of cases) {
      const error = await refuses(path, [row], {}, ...parts);
      assertEquals(error.retriable, false);
    }
    const precise = { schema: { n: types.decimal(18, 2) } };
    await refuses(path, [{ n: "1.50" }], precise, "that of the batch is decimal(18, 2)");
    await refuses(path, [{ id: 1 }], { table: "must" }, '"a" must not be null and has no default');
    await refuses(
      path,
      [{ i: null }],
      { table: "strict", schema: { i: types.i32 } },
      "NOT NULL",
      "strict.i",
    );
    await refuses(path, [{ i: 9 }], { table: "strict" }, "CHECK constraint failed");
    await refuses(path, [{ i: 1 }], { table: "v" }, "cannot modify v because it is a view");
    await refuses(
      path,
      [{ i: 1 }],
      { table: "none" },
      "there is no such table; make it, or pass create",
    );
    await refuses(path, [{}], { table: "none", create: true }, "the batch has no columns");
    const fits = [{ i: 1.5, r: 3, d: "2024-01-01", b: 2 ** 40 }, { I: 1, b: 5 }];
    for (const row of fits) {
      await write(path, [RecordBatch.fromRows([row]) as RecordBatch], { table: "t" });
    }
    assertEquals(ask(path, "SELECT i, r, d, b, typeof(b) AS type FROM t"), [
      { i: 1.5, r: 3, d: "2024-01-01", b: 2n ** 40n, type: "integer" },
      { i: 1n, r: null, d: null, b: 5n, type: "integer" },
    ]);
  });
});

Deno.test("SqlitePublisher refuses texts of which a column of dates would make numbers", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/dates.db`;
    make(path, "CREATE TABLE t (d DATE, a ANY); CREATE TABLE strict (a ANY) STRICT");
    for (const text of ["2024", "007", " 5 ", "-1e3", "\n.5", "5."]) {
      for (const row of [{ d: text }, { a: text }]) {
        await refuses(
          path,
          [{ a: "x", d: "2024-01-01" }, row],
          {},
          "would make a number of the text",
        );
      }
      await write(path, [RecordBatch.fromRows([{ a: text }]) as RecordBatch], { table: "strict" });
    }
    const kept = ["2024-01-01", "", "0x10", "5 6", "1e", ".", "Infinity", "٣"];
    const rows = kept.map((d) => ({ d }));
    await write(path, [RecordBatch.fromRows(rows) as RecordBatch], { table: "t" });
    assertEquals(ask(path, "SELECT d FROM t"), rows);
    assertEquals(ask(path, "SELECT DISTINCT typeof(a) AS type FROM strict"), [{ type: "text" }]);
  });
});

Deno.test("SqlitePublisher leaves nothing of a batch that fails, not even its table", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/whole.db`;
    const far = { t: 2 ** 53 - 1 };
    const rows = [...Array.from({ length: 3000 }, () => ({ t: 0 })), far];
    const error = await refuses(
      path,
      rows,
      { create: true, times: "text", schema: { t: types.timestamp } },
      'Cannot store column "t": timestamp 9007199254740991 has no text in ISO 8601',
    );
    assertEquals(error.retriable, false);
    assertEquals(ask(path, "SELECT name FROM sqlite_schema"), []);
    await using sink = new SqlitePublisher(path, { table: "t", create: true, upsert: ["id"] });
    await sink.publish(batchOf(0, 10));
    await assertRejects(() =>
      sink.publish(RecordBatch.fromRows([{ id: 1, other: 2 }]) as RecordBatch)
    );
    await sink.publish(batchOf(10, 10));
    assertEquals(ask(path, "SELECT count(*) AS n FROM t"), [{ n: 20n }]);
  });
});

Deno.test("SqlitePublisher ends a long batch when it is aborted, and takes the next one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/abort.db`;
    await using sink = new SqlitePublisher(path, { table: "t", create: true });
    const controller = new AbortController();
    const reason = new Error("enough");
    const publishing = sink.publish(batchOf(0, 30_000), { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    assertEquals(await assertRejects(() => publishing), reason);
    await sink.publish(batchOf(0, 5));
    assertEquals(ask(path, "SELECT count(*) AS n FROM t"), [{ n: 5n }]);
  });
});

Deno.test("SqlitePublisher says what is at a path that is no database", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.db`, "no database at all ".repeat(100));
    const rows = [{ x: 1 }];
    await refuses(`${folder}/text.db`, rows, {}, "file is not a database; what is at the path");
    await refuses(folder, rows, { create: true }, "it is a folder");
    await refuses(
      `${folder}/none/x.db`,
      rows,
      { create: true },
      "unable to open",
      "is its folder there?",
    );
    await refuses(`${folder}/none.db`, rows, {}, "there is no such file; pass create: true");
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["text.db"]);
  });
});

Deno.test("SqlitePublisher says who is in the way, and that it may be tried again", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/busy.db`;
    make(path, "CREATE TABLE t (x INTEGER); BEGIN; INSERT INTO t VALUES (1); COMMIT");
    using other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    const busy = { busyTimeout: "20ms" };
    const error = await refuses(path, [{ x: 2 }], busy, "database is locked; another connection");
    assertStringIncludes(error.message, "busyTimeout, 20ms");
    assertEquals(error.retriable, true);
    other.exec("COMMIT");
    await write(path, [RecordBatch.fromRows([{ x: 2 }]) as RecordBatch], { table: "t", ...busy });
    assertEquals(ask(path, "SELECT x FROM t"), [{ x: 1n }, { x: 2n }]);
    assertEquals(ask(path, "PRAGMA journal_mode"), [{ journal_mode: "delete" }]);
  });
});

const PUBLISH = (path: string, options: string) => `
  import { RecordBatch } from "@waggle/stream";
  import { SqlitePublisher } from "@waggle/stream/sqlite";
  try {
    await using sink = new SqlitePublisher(${JSON.stringify(path)}, ${options});
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, text: "x".repeat(1000) }));
    for (let i = 0; i < 20; i++) await sink.publish(RecordBatch.fromRows(rows));
    console.log("taken");
  } catch (error) {
    console.log(error.name, error.retriable, error.message);
  }`;

Deno.test("SqlitePublisher works with the flags that docs/databases.md lists, and says what is missing without", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/allowed.db`;
    const script = PUBLISH(path, `{ table: "t", create: true }`);
    const flags = [`--allow-read=${path}`, `--allow-write=${path}`];
    assertEquals(await runScript(script, ["--no-check", ...flags]), {
      code: 0,
      out: "taken\n",
      error: "",
    });
    const { out } = await runScript(script, ["--no-check", flags[0]]);
    assertStringIncludes(out, "StreamingError false Cannot write to table");
    assertStringIncludes(out, "Requires write access");
    const page = await Deno.readTextFile(new URL("../docs/databases.md", import.meta.url));
    assertStringIncludes(page, "--allow-read=data.db --allow-write=data.db");
  });
});

/** Runs the script with a shell's limits. */
async function runLimited(limits: string, script: string): Promise<string> {
  const run =
    `${limits}; exec "$0" run --no-prompt --no-lock --no-check --allow-read --allow-write -`;
  const child = new Deno.Command("bash", {
    args: ["-c", run, Deno.execPath()],
    cwd: new URL("../", import.meta.url),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await new Blob([script]).stream().pipeTo(child.stdin);
  return new TextDecoder().decode((await child.output()).stdout);
}

Deno.test("SqlitePublisher tells of a disk that is full, and leaves whole batches alone", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/full.db`;
    const script = PUBLISH(path, `{ table: "t", create: true, journal: "delete" }`);
    const out = await runLimited("trap '' XFSZ; ulimit -f 8000", script);
    assertStringIncludes(out, `StreamingError true Cannot write to table "t" of ${path}`);
    assert(/is full|disk I\/O error/.test(out), out);
    const [{ n }] = ask(path, "SELECT count(*) AS n FROM t");
    assertEquals([Number(n) % 1000, Number(n) > 0], [0, true]);
  });
});

const setpriv = counterpart({
  program: "setpriv",
  debianPackage: "util-linux",
  purpose: "write as somebody who may not",
});

Deno.test(setpriv.test("SqlitePublisher says that a file may not be written to", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/locked.db`;
    make(path, "CREATE TABLE t (id INTEGER, text TEXT)");
    await Deno.chmod(path, 0o444);
    const drop = "exec 3<&0; exec setpriv --inh-caps=-dac_override --bounding-set=-dac_override " +
      `bash -c 'exec "$0" run --no-prompt --no-lock --no-check --allow-read --allow-write - <&3' "$0"`;
    const limits = Deno.uid() === 0 ? drop : "true";
    const out = await runLimited(limits, PUBLISH(path, `{ table: "t" }`));
    assertStringIncludes(out, "StreamingError false");
    assertStringIncludes(
      out,
      "attempt to write a readonly database; the file or its folder may not",
    );
  });
}));

Deno.test("SqlitePublisher takes the results of a pipeline", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/results.db`;
    {
      await using sink = new SqlitePublisher(path, { table: "t", create: true });
      await from(new IterableSource(rowsOf(0, 5000), { schema: ID_NAME }), { workers: 1 }).to(sink)
        .run();
    }
    assertEquals(ask(path, "SELECT count(*) AS n, max(name) AS last FROM t"), [
      { n: 5000n, last: "röw 999" },
    ]);
  });
});

Deno.test("SqlitePublisher refuses options that it does not take", () => {
  // deno-lint-ignore no-explicit-any -- programs that are not type-checked
  const made = (path: any, options: any) => () => new SqlitePublisher(path, options);
  assertThrows(made("x.db", undefined), TypeError, 'such as { table: "readings", create: true }');
  assertThrows(made("x.db", { tabel: "t" }), TypeError, "did you mean table?");
  assertThrows(made("x.db", {}), TypeError, "table must be the name of a table");
  assertThrows(made("x.db", { table: "a\0" }), TypeError, "zero character");
  assertThrows(made("x.db", { table: "t", create: 1 }), TypeError, "create must be true or false");
  assertThrows(made("x.db", { table: "t", upsert: [] }), TypeError, "upsert must be a list");
  assertThrows(made("x.db", { table: "t", upsert: ["a", "a"] }), TypeError, 'names "a" twice');
  assertThrows(made("x.db", { table: "t", times: "iso" }), TypeError, "times must be");
  assertThrows(made("x.db", { table: "t", journal: "wall" }), TypeError, "journal must be");
  assertThrows(made("x.db", { table: "t", synchronous: 1 }), TypeError, "synchronous must be");
  assertThrows(made("x.db", { table: "t", busyTimeout: -1 }), RangeError, "busyTimeout");
  assertThrows(made(5, { table: "t" }), TypeError, "received 5");
  assertThrows(made(":memory:", { table: "t" }), TypeError, "use MemoryPublisher");
});
