import { csv, CsvEncoder, StreamingGenerator, SyntheticGenerator } from "../mod.ts";
import { PostgresPublisher } from "../src/publishers/postgres/postgres.ts";
import { createPostgresTable } from "../src/publishers/postgres/postgres_types.ts";
import { postgres, PostgresServer, USER } from "../tests/support/postgres.ts";
import { type BenchGroup, type BenchRow, compare, notRun } from "./support/bench.ts";
import { BIRD_COLUMNS } from "./support/bird_columns.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const BATCH_ROWS = 4096;
const ROWS = 20 * BATCH_ROWS;
const NAME = "birdstrikes generated and written to PostgreSQL, against psql \\copy of a ready file";

type Birds = SyntheticGenerator<object>;

/** A file of CSV with as many rows. */
async function readyFile(generator: Birds, path: string): Promise<void> {
  using encoder = new CsvEncoder({ header: false });
  using file = await Deno.create(path);
  for (const batch of generator.sample(ROWS, { seed: 1 }).batches()) {
    const bytes = encoder.encode(batch);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
}

async function copyByPsql(server: PostgresServer, file: string): Promise<number> {
  const connection = ["-h", server.folder, "-p", String(server.port), "-U", USER, "-X", "-q"];
  const copy = `\\copy birds from '${file}' with (format csv)`;
  const program = postgres.path!.replace(/initdb$/, "psql");
  const { success, stderr } = await new Deno.Command(program, {
    args: [...connection, "-c", copy, "postgres"],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return ROWS;
}

async function against(server: PostgresServer, generator: Birds): Promise<BenchRow> {
  const file = `${server.folder}/birds.csv`;
  await readyFile(generator, file);
  await server.psql(
    createPostgresTable(BIRD_COLUMNS, { table: "birds", schema: "public", create: true, keys: [] }),
  );
  let seed = 0;
  const contender = async () => {
    await using sink = new PostgresPublisher({ url: server.url, table: "birds" });
    const streamer = new StreamingGenerator(generator, { seed: seed++ });
    return (await streamer.streamTo(sink, { batchSize: BATCH_ROWS, maxRecords: ROWS })).records;
  };
  return await compare({
    name: NAME,
    contender,
    baseline: () => copyByPsql(server, file),
    beforeRound: async () => void await server.psql("TRUNCATE birds; CHECKPOINT"),
    target: 0.7,
  });
}

/** Rows into PostgreSQL. */
export const group: BenchGroup = {
  name: "postgres",
  rows: async () => {
    if (postgres.path === undefined) return [notRun(NAME, postgres.reason!)];
    const source = csv(BIRDS, { schema: BIRD_COLUMNS });
    const generator = await SyntheticGenerator.fit(source, { seed: 1 }) as Birds;
    await using server = await PostgresServer.start(postgres.path);
    return [await against(server, generator)];
  },
};
