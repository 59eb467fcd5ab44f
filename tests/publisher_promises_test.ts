import { assertEquals, assertRejects } from "@std/assert";
import {
  avro,
  ConsolePublisher,
  csv,
  FilePublisher,
  from,
  MemoryPublisher,
  ndjson,
  RecordBatch,
  schema,
  types,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { type PublisherTraits, rowsOf, testPublisher } from "./support/publisher_suite.ts";

testPublisher("MemoryPublisher", () => {
  const publisher = new MemoryPublisher();
  return Promise.resolve({
    publisher,
    arrived: () => Promise.resolve(publisher.rows()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, { forgets: true, cannot: ["stall", "failNext", "break"] });

/** A terminal that may be gone. */
class Terminal extends SimulatedRuntime {
  readonly lines: string[] = [];
  failures = 0;

  override print(text: string): void {
    if (this.failures > 0) {
      this.failures--;
      throw new Error("Broken pipe");
    }
    this.lines.push(...text.split("\n"));
  }
}

testPublisher("ConsolePublisher", () => {
  const runtime = new Terminal({ seed: 1 });
  return Promise.resolve({
    publisher: new ConsolePublisher({ format: "lines", runtime }),
    arrived: () => Promise.resolve(runtime.lines.map((line) => JSON.parse(line))),
    failNext: (n: number) => void (runtime.failures = n),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}, { cannot: ["stall", "break"] });

Deno.test("ConsolePublisher that cannot print shows that, and not that it cannot tell the rest", async () => {
  const runtime = new Terminal({ seed: 1 });
  const batch = RecordBatch.fromRows(rowsOf(0, 5)) as RecordBatch;
  const error = await assertRejects(async () => {
    await using publisher = new ConsolePublisher({ maxRows: 2, runtime });
    await publisher.publish(batch);
    runtime.failures = 2;
    await publisher.publish(batch.slice(0, 0)).then(() => publisher.flush());
  });
  assertEquals(String(error), "Error: Broken pipe");
});

/** The world, but its disk can be full, or slow. */
function diskOf(): {
  runtime: Runtime;
  fail: (n: number) => void;
  stall: () => void;
  go: () => void;
} {
  let failures = 0;
  let going: PromiseWithResolvers<void> | undefined;
  const createFile: Runtime["createFile"] = async (path, how) => {
    const file = await denoRuntime.createFile(path, how);
    const write = async (bytes: Uint8Array) => {
      await going?.promise;
      if (failures <= 0) return await file.write(bytes);
      failures--;
      await file.write(bytes.subarray(0, bytes.length >> 1));
      throw new Error("No space left on device");
    };
    return {
      sizeBytes: file.sizeBytes,
      write,
      truncate: (size) => file.truncate(size),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  };
  const runtime: Runtime = Object.create(denoRuntime, { createFile: { value: createFile } });
  return {
    runtime,
    fail: (n) => failures = n,
    stall: () => going = Promise.withResolvers<void>(),
    go: () => {
      going?.resolve();
      going = undefined;
    },
  };
}

/** The rows of a file, whole or not, that is the only one in a folder. */
async function rowsIn(folder: string): Promise<Record<string, unknown>[]> {
  const [name] = Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  if (name === undefined) return [];
  const path = `${folder}/${name}`;
  if (Deno.statSync(path).size === 0) return [];
  const source = name.includes(".csv")
    ? csv(path, { schema: SCHEMA })
    : name.includes(".avro")
    ? avro(path)
    : ndjson(path);
  return await Array.fromAsync(from(source, { workers: 1 }));
}

const SCHEMA = schema({ id: types.f64, name: types.utf8 });
const FILES: Readonly<Record<string, PublisherTraits>> = {
  "rows.ndjson": {},
  "rows.csv": {},
  "rows.avro": { batchRows: 9000 },
};

for (const [name, traits] of Object.entries(FILES)) {
  testPublisher(`FilePublisher of ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    const { runtime, fail, stall, go } = diskOf();
    return {
      publisher: new FilePublisher(`${folder}/${name}`, { runtime }),
      arrived: () => rowsIn(folder),
      failNext: fail,
      stall,
      go,
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    };
  }, { batchRows: 6000, cannot: ["break"], ...traits });
}
