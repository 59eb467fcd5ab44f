import { assertEquals, assertRejects } from "@std/assert";
import { col, count, csv, from, mean, type PipelineOptions, TumblingWindow } from "../mod.ts";
import type { Source } from "../src/stream/source.ts";
import { waggle } from "./support/kept_process.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const hour = new TumblingWindow({ size: "1h" });

/** A pipeline over an input that is its header, in chunks of one byte. */
function headed(header: string, options: PipelineOptions = {}) {
  const bytes = new TextEncoder().encode(header);
  const chunks = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  const source = csv(chunks) as unknown as Source<{ at: string; key: string; x: number }>;
  return from(source, { workers: 1, ...options });
}

/** What asks for a column that is not there is `missing`, and the other asks for those that are. */
const CASES: Record<
  string,
  (column: "at" | "key" | "x", header: string) => AsyncIterable<unknown>
> = {
  "take event times from": (column, header) =>
    headed(header).timestamps(column).window(hour).aggregate({ n: count() }),
  "key by": (column, header) =>
    headed(header).timestamps("at").keyBy(column).window(hour).aggregate({ n: count() }),
  "take mean of": (column, header) =>
    headed(header).timestamps("at").window(hour).aggregate({ n: mean(column as "x") }),
};
const MISSING = { "take event times from": "at", "key by": "key", "take mean of": "x" } as const;

for (const [doing, pipelineOf] of Object.entries(CASES)) {
  Deno.test(`A header alone says that there is no column to ${doing}, and which there are`, async () => {
    const missing = MISSING[doing as keyof typeof MISSING];
    const names = ["at", "key", "x"].map((name) => name === missing ? "other" : name);
    for (const end of ["", "\n", "\r\n\n"]) {
      await assertRejects(
        () => Array.fromAsync(pipelineOf(missing, names.join() + end)),
        TypeError,
        `Cannot ${doing} column "${missing}": there is none of that name; the columns are ` +
          names.map((name) => JSON.stringify(name)).join(", "),
      );
      assertEquals(await Array.fromAsync(pipelineOf(missing, "at,key,x" + end)), []);
    }
  });
}

Deno.test("A header alone is enough for columns that are made of its own, whatever their types", async () => {
  const made = headed("at,key,x\n")
    .filter(col("key").eq("a"))
    .select({ then: col("at"), twice: col("x").mul(2) })
    .timestamps("then").window(hour).aggregate({ n: mean("twice") });
  assertEquals(await Array.fromAsync(made), []);
  const mapped = headed("at,key,x\n")
    .map((row) => ({ then: row.at, half: row.x / 2 }))
    .timestamps("then").window(hour).aggregate({ n: mean("half") });
  assertEquals(await Array.fromAsync(mapped), []);
});

Deno.test("waggle window of a header alone knows which columns there are", async () => {
  const file = `${folder}/header.csv`;
  Deno.writeTextFileSync(file, "ts,x\n");
  const args = ["window", file, "--tumble", "1h", "-a", "count"];
  const { code, err } = await waggle([...args, "-t", "nope"]);
  assertEquals([code, err], [
    1,
    `waggle: Cannot take event times from column "nope": there is none of that name; the columns ` +
    `are "ts", "x"\n`,
  ]);
  assertEquals((await waggle([...args, "-t", "ts"])).code, 0);
  Deno.writeTextFileSync(file, "");
  assertEquals((await waggle([...args, "-t", "nope"])).code, 0);
});
