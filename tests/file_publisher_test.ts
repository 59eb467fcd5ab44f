import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  FilePublisher,
  type FilePublisherOptions,
  from,
  ndjson,
  RecordBatch,
  schema,
  StreamingError,
  types,
} from "../mod.ts";
import { zlib } from "../src/runtime/inflater.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { runScript } from "./support/run_script.ts";
import { counterpart } from "./support/counterpart.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  purpose: "read files that publishers have written",
  pythonModules: ["fastavro"],
});

function batchOf(start: number, count: number): RecordBatch {
  return RecordBatch.fromRows(
    Array.from({ length: count }, (_, i) => ({ id: start + i, name: `röw ${start + i}` })),
    { schema: schema({ id: types.f64, name: types.utf8 }) },
  ) as RecordBatch;
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(path: string, counts: readonly number[], options?: FilePublisherOptions) {
  await using file = new FilePublisher(path, options);
  let start = 0;
  for (const count of counts) {
    await file.publish(batchOf(start, count));
    start += count;
  }
  return file;
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

const READERS = `
import csv, gzip, io, json, sys
from fastavro import reader
path = sys.argv[1]
raw = open(path, "rb").read()
if path.endswith(".gz"): raw = gzip.decompress(raw)
if ".csv" in path: rows = [{"id": int(r["id"]), "name": r["name"]} for r in csv.DictReader(io.StringIO(raw.decode()))]
elif ".avro" in path: rows = list(reader(io.BytesIO(raw)))
else: rows = [json.loads(line) for line in raw.decode().splitlines()]
print(json.dumps({"n": len(rows), "ids": sum(r["id"] for r in rows), "last": rows[-1]["name"]}))
`;

for (const name of ["rows.ndjson", "rows.csv", "rows.avro", "rows.jsonl.gz", "rows.csv.gz"]) {
  Deno.test(python.test(`Python reads what FilePublisher writes to ${name}`, async (program) => {
    await inFolder(async (folder) => {
      await write(`${folder}/${name}`, [100, 1, 20_000, 0, 7]);
      assertEquals(names(folder), [name]);
      const { stdout } = await new Deno.Command(program, {
        args: ["-c", READERS, `${folder}/${name}`],
      }).output();
      const n = 20_108;
      const expected = { n, ids: (n * (n - 1)) / 2, last: `röw ${n - 1}` };
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)), expected);
    });
  }));
}

Deno.test("a zstd file is one frame for each piece, which read as one file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/rows.ndjson.zst`;
    await write(path, [60_000, 10]);
    const rows = await Array.fromAsync(from(ndjson(path), { workers: 1 }));
    assertEquals(rows.length, 60_010);
    assertEquals(rows.at(-1), { id: 60_009, name: "röw 60009" });
  });
});

Deno.test("a file appears when it is whole, and not at all when it is aborted", async () => {
  await inFolder(async (folder) => {
    const file = new FilePublisher(`${folder}/rows.csv`);
    await file.publish(batchOf(0, 10));
    await file.flush();
    const [part] = names(folder);
    assert(/^rows\.csv\.\w+\.part$/.test(part), part);
    assertEquals(Deno.readTextFileSync(`${folder}/${part}`).split("\n").length, 12);
    await file[Symbol.asyncDispose]();
    assertEquals(names(folder), ["rows.csv"]);
    const other = new FilePublisher(`${folder}/other.csv`);
    await other.publish(batchOf(0, 10));
    await other.abort();
    assertEquals(names(folder), ["rows.csv"]);
    await assertRejects(() => other.publish(batchOf(0, 1)), StreamingError, "was closed");
  });
});

Deno.test("a file that exists is refused, replaced or appended to", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/rows.csv`;
    await write(path, [3]);
    const refused = new FilePublisher(path);
    const error = await assertRejects(() => refused.publish(batchOf(0, 1)), StreamingError);
    assertEquals(
      error.message,
      `Cannot write ${path}: it exists; pass ifExists: "replace" or "append", or another path`,
    );
    await write(path, [2], { ifExists: "append" });
    assertEquals(
      Deno.readTextFileSync(path),
      "id,name\n0,röw 0\n1,röw 1\n2,röw 2\n0,röw 0\n1,röw 1\n",
    );
    await write(path, [1], { ifExists: "replace" });
    assertEquals(Deno.readTextFileSync(path), "id,name\n0,röw 0\n");
    await write(`${folder}/a.ndjson.gz`, [2]);
    await write(`${folder}/a.ndjson.gz`, [1], { ifExists: "append" });
    const all = zlib().gunzipSync(Deno.readFileSync(`${folder}/a.ndjson.gz`));
    assertEquals(new TextDecoder().decode(all).split("\n").length, 4);
  });
});

Deno.test("a file whose folder is removed meanwhile is an error that says what became of it", async () => {
  for (const ifExists of ["error", "append"] as const) {
    await inFolder(async (folder) => {
      const inner = `${folder}/inner`;
      await Deno.mkdir(inner);
      const file = new FilePublisher(`${inner}/rows.csv`, { ifExists });
      if (ifExists === "append") await Deno.writeTextFile(`${inner}/rows.csv`, "id,name\n");
      await file.publish(batchOf(0, 10));
      await Deno.remove(inner, { recursive: true });
      const error = await assertRejects(() => file[Symbol.asyncDispose](), StreamingError);
      const part = ifExists === "append" ? /rows\.csv is gone$/ : /rows\.csv\.\w+\.part is gone$/;
      assert(part.test(error.message), error.message);
      const late = new FilePublisher(`${inner}/rows.csv`, { ifExists });
      await assertRejects(() => late.publish(batchOf(0, 1)), StreamingError, "No such file");
      await late[Symbol.asyncDispose]();
    });
  }
});

Deno.test("what was removed meanwhile can be aborted", async () => {
  await inFolder(async (folder) => {
    const file = new FilePublisher(`${folder}/rows.csv`);
    await file.publish(batchOf(0, 10));
    for (const name of names(folder)) await Deno.remove(`${folder}/${name}`);
    await file.abort();
  });
});

Deno.test("a file that another has made meanwhile is not replaced without being told to", async () => {
  for (const ifExists of ["error", "append"] as const) {
    await inFolder(async (folder) => {
      const path = `${folder}/rows.csv`;
      const [first, second] = [1, 2].map(() => new FilePublisher(path, { ifExists }));
      await first.publish(batchOf(0, 1));
      await second.publish(batchOf(0, 2));
      await first[Symbol.asyncDispose]();
      const close = () => second[Symbol.asyncDispose]();
      const { message } = await assertRejects(close, StreamingError, "it exists by now");
      assertEquals(Deno.readTextFileSync(path), "id,name\n0,röw 0\n");
      const [, left] = /what was written is in (\S+)$/.exec(message)!;
      assertEquals(Deno.readTextFileSync(left), "id,name\n0,röw 0\n1,röw 1\n");
    });
  }
});

Deno.test("rotation by size begins a file behind the batch that filled one", async () => {
  await inFolder(async (folder) => {
    const file = await write(`${folder}/r.csv`, Array(10).fill(100), { rotate: { bytes: 5000 } });
    assertEquals(names(folder), file.files.map((path) => path.slice(folder.length + 1)));
    assertEquals(names(folder).slice(0, 2), ["r-000001.csv", "r-000002.csv"]);
    const rows = names(folder).flatMap((name) => {
      const [header, ...lines] = Deno.readTextFileSync(`${folder}/${name}`).trimEnd().split("\n");
      assertEquals(header, "id,name");
      return lines;
    });
    assertEquals(rows, Array.from({ length: 1000 }, (_, i) => `${i},röw ${i}`));
  });
});

Deno.test("rotation by time ends a file without waiting for the next batch", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const file = new FilePublisher("out.ndjson", { rotate: { every: "10s" }, runtime });
  await runtime.drive(async () => {
    await file.publish(batchOf(0, 1));
    await new Promise<void>((resolve) => runtime.after(11_000, resolve));
    assertEquals(file.files, ["out-000001.ndjson"]);
    await file.publish(batchOf(1, 1));
    await file[Symbol.asyncDispose]();
  });
  assertEquals(file.files, ["out-000001.ndjson", "out-000002.ndjson"]);
});

Deno.test("a full disk is told, and may be tried again", async () => {
  const script = `
    import { FilePublisher, RecordBatch } from "./mod.ts";
    const rows = (count) => RecordBatch.fromRows(Array.from({ length: count }, (_, id) => ({ id })));
    const full = new FilePublisher("/dev/full", { format: "csv" });
    await full.publish(rows(10)); // waits for more
    const told = (error) => console.log(error.name, error.retriable, error.message);
    await full.publish(rows(20_000)).catch(told);
    await full.flush().catch(told);`;
  const { out, error } = await runScript(script, ["--allow-all"]); // for a device
  assertEquals(error, "");
  const told =
    "StreamingError true Cannot write /dev/full: No space left on device (os error 28)\n";
  assertEquals(out, told.repeat(2));
});

/** A world whose disk is full now and then, after some bytes of what is written. */
class FullDisk extends SimulatedRuntime {
  isFull = false;

  override async createFile(path: string, how: "new" | "append") {
    const file = await super.createFile(path, how);
    const write = async (bytes: Uint8Array) => {
      if (!this.isFull) return await file.write(bytes);
      await file.write(bytes.subarray(0, bytes.length >> 1));
      throw new Error("disk full");
    };
    return { ...file, write };
  }

  async text(path: string): Promise<string> {
    const file = await this.openFile(path);
    let text = "";
    const [into, decoder] = [new Uint8Array(1 << 20), new TextDecoder()];
    for (let n = await file.read(into); n !== null; n = await file.read(into)) {
      text += decoder.decode(into.subarray(0, n), { stream: true });
    }
    return text;
  }
}

Deno.test("a file that cannot be ended at its time is told to who publishes or closes next", async () => {
  for (const next of ["publish", "flush", "close"]) {
    const runtime = new FullDisk({ seed: 1 });
    const file = new FilePublisher("out.ndjson", { rotate: { every: "10s" }, runtime });
    await runtime.drive(async () => {
      await file.publish(batchOf(0, 1));
      runtime.isFull = true;
      await new Promise<void>((resolve) => runtime.after(11_000, resolve));
      runtime.isFull = false;
      const work = next === "publish"
        ? () => file.publish(batchOf(1, 1))
        : next === "flush"
        ? () => file.flush()
        : () => file[Symbol.asyncDispose]();
      await assertRejects(async () => void await work(), StreamingError, "disk full");
      await file.publish(batchOf(1, 1)).catch(() => assertEquals(next, "close"));
      await file[Symbol.asyncDispose]();
    });
  }
});

Deno.test("a file that cannot be ended is told once: behind an error of flush() not again", async () => {
  for (const flushes of [true, false]) {
    const runtime = new FullDisk({ seed: 1 });
    const told: unknown[] = [];
    await runtime.drive(async () => {
      const ended = (async () => {
        await using file = new FilePublisher("out.ndjson", { runtime });
        await file.publish(batchOf(0, 1)); // waits for more
        runtime.isFull = true;
        if (flushes) await file.flush();
      })();
      await ended.catch((error) => told.push(error));
    });
    assertEquals(told.map((error) => (error as Error).name), ["StreamingError"]);
    assert(String(told[0]).includes("disk full"), String(told[0]));
  }
});

Deno.test("what is tried again after a full disk stands in the file once, whatever was cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(1, 50, 5000), fc.nat(2)), { maxLength: 8 }),
      fc.constantFrom("csv", "ndjson"),
      async (batches, format) => {
        const runtime = new FullDisk({ seed: 1 });
        const file = new FilePublisher(`a.${format}`, { runtime });
        let start = 0;
        for (const [count, failures] of batches) {
          runtime.isFull = failures > 0;
          for (let left = failures; left >= 0; left--) {
            if (left === 0) runtime.isFull = false;
            const isPublished = await file.publish(batchOf(start, count)).then(
              () => true,
              () => false,
            );
            if (isPublished) break;
            assert(left > 0);
          }
          start += count;
        }
        runtime.isFull = false;
        await file[Symbol.asyncDispose]();
        if (batches.length === 0) return;
        const text = await runtime.text(`a.${format}`);
        const lines = text.trimEnd().split("\n").slice(format === "csv" ? 1 : 0);
        const ids = lines.map((line) => format === "csv" ? parseInt(line) : JSON.parse(line).id);
        assertEquals(ids, Array.from({ length: start }, (_, i) => i));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("FilePublisher refuses what it cannot write, and says what to do", async () => {
  const make = (path: string, options?: object) => () => new FilePublisher(path, options);
  assertThrows(
    make("rows"),
    TypeError,
    "end it in .ndjson, .csv, .avro or .parquet, or pass format",
  );
  assertThrows(make("rows.gz"), TypeError, "pass format");
  assertThrows(make("rows.csv", { format: "xml" }), TypeError, '"ndjson", "csv", "avro"');
  assertThrows(make("rows.avro.gz"), TypeError, 'codec: "deflate"');
  assertThrows(make("rows.avro", { ifExists: "append" }), TypeError, "cannot be appended to");
  assertThrows(make("rows.csv", { rotate: {} }), TypeError, "bytes, every, or both");
  assertThrows(make("rows.csv", { rotate: { bytes: 0 } }), TypeError, "from 1");
  assertThrows(
    make("a.csv", { rotate: { every: "1h" }, ifExists: "append" }),
    TypeError,
    "several",
  );
  assertThrows(() => new FilePublisher(7 as never), TypeError, "received 7");
  await inFolder(async (folder) => {
    const inFile = new FilePublisher(folder, { format: "csv" });
    await assertRejects(() => inFile.publish(batchOf(0, 1)), StreamingError, "it is a folder");
    const nowhere = new FilePublisher(`${folder}/none/rows.csv`);
    await assertRejects(() => nowhere.publish(batchOf(0, 1)), StreamingError, "No such file");
    await using two = new FilePublisher(`${folder}/rows.csv`);
    await two.publish(batchOf(0, 1));
    const other = RecordBatch.fromRows([{ x: 1 }]) as RecordBatch;
    await assertRejects(() => two.publish(other), Error, "the batch has the columns x");
  });
});
