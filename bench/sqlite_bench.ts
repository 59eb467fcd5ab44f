import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { csv, StreamingGenerator, SyntheticGenerator } from "../mod.ts";
import { SqlitePublisher } from "../src/publishers/sqlite/sqlite_publisher.ts";
import { quoteName } from "../src/publishers/sql/sql_table.ts";
import { createStatement } from "../src/publishers/sqlite/sqlite_types.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { BIRD_COLUMNS } from "./support/bird_columns.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const BATCH_ROWS = 4096;
const BATCHES = 10;
const TABLE = { table: "birds", create: true, keys: [] };

type BirdRow = Record<string, SQLInputValue>;

function clear(path: string): void {
  for (const each of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      Deno.removeSync(each);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** What one would write: a prepared statement, and the values of each row object by position. */
function preparedInserts(path: string, batches: readonly BirdRow[][]): number {
  using db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = normal");
  db.exec(createStatement(BIRD_COLUMNS, TABLE, "number"));
  const names = BIRD_COLUMNS.fields.map(({ name }) => name);
  const insert = db.prepare(
    `INSERT INTO birds (${names.map(quoteName)}) VALUES (${names.map(() => "?")})`,
  );
  let rows = 0;
  for (const batch of batches) {
    db.exec("BEGIN");
    for (const row of batch) insert.run(...Object.values(row));
    db.exec("COMMIT");
    rows += batch.length;
  }
  return rows;
}

async function rows(): Promise<BenchRow[]> {
  const generator = await SyntheticGenerator.fit(csv(BIRDS, { schema: BIRD_COLUMNS }), { seed: 1 });
  const sample = generator.sample(BATCHES * BATCH_ROWS, { seed: 1 });
  const ready = Array.from(
    sample.batches({ batchRows: BATCH_ROWS }),
    (batch) => batch.toRows() as BirdRow[],
  );
  const path = `${await Deno.makeTempDir()}/birds.db`;
  let seed = 0;
  const contender = async () => {
    await using sink = new SqlitePublisher(path, { table: "birds", create: true });
    const streamer = new StreamingGenerator(generator, { seed: seed++ });
    const how = { batchSize: BATCH_ROWS, maxRecords: BATCHES * BATCH_ROWS };
    return (await streamer.streamTo(sink, how)).records;
  };
  try {
    return [
      await compare({
        name: "birdstrikes generated and written to SQLite, against prepared inserts of ready rows",
        contender,
        baseline: () => preparedInserts(path, ready),
        beforeRound: () => clear(path),
        target: 1,
      }),
    ];
  } finally {
    clear(path);
    await Deno.remove(path.replace("/birds.db", ""));
  }
}

/** Rows into SQLite. */
export const group: BenchGroup = { name: "sqlite", rows };
