import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { csv, follow, type FollowOptions, from, MemoryPublisher, ndjson } from "../mod.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { FileSourceError } from "../src/sources/byte_input.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const FAST = { pollInterval: "2ms" } as const;

function folder() {
  const path = Deno.makeTempDirSync();
  return {
    path,
    write: (name: string, text: string) =>
      Deno.writeTextFileSync(`${path}/${name}`, text, { append: true }),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** What following gives, with a way to wait for it. */
class Heard {
  readonly #iterator: AsyncIterator<Uint8Array>;
  text = "";

  constructor(path: string, options: FollowOptions = {}) {
    this.#iterator = follow(path, { ...FAST, ...options })[Symbol.asyncIterator]();
  }

  async until(end: string | number): Promise<void> {
    const isEnd = () => typeof end === "string" ? this.text.endsWith(end) : this.text.length >= end;
    while (!isEnd()) {
      const { done, value } = await this.#iterator.next();
      assert(!done, `it ended behind ${JSON.stringify(this.text)}`);
      this.text += decoder.decode(value);
    }
  }

  async toTheEnd(): Promise<string> {
    while (true) {
      const { done, value } = await this.#iterator.next();
      if (done) return this.text;
      this.text += decoder.decode(value);
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#iterator.return?.();
  }
}

/** All that is there, until nothing comes any more. */
function all(path: string, options: FollowOptions = {}): Promise<string> {
  return new Heard(path, { idleTimeout: 1, ...options }).toTheEnd();
}

Deno.test("follow() gives the files of a folder in the order of their names, then what is added", async () => {
  using files = folder();
  files.write("b", "3\n4\n");
  files.write("a", "1\n2\n");
  await using heard = new Heard(files.path);
  await heard.until("4\n");
  files.write("a", "5\n");
  await heard.until("5\n");
  files.write("c", "6\n");
  await heard.until("6\n");
  assertEquals(heard.text, "1\n2\n3\n4\n5\n6\n");
});

Deno.test("follow() gives a line when it is whole", async () => {
  using files = folder();
  files.write("a", "one\ntw");
  await using heard = new Heard(files.path);
  await heard.until("one\n");
  files.write("b", "between\n");
  await heard.until("between\n");
  files.write("a", "o\n");
  await heard.until("two\n");
  assertEquals(heard.text, "one\nbetween\ntwo\n");
});

Deno.test("follow() reads a file that is rotated away to its end, and not again, and the one in its place", async () => {
  using files = folder();
  const log = `${files.path}/log`;
  files.write("log", "1\n");
  await using heard = new Heard(log);
  await heard.until("1\n");
  files.write("log", "2\n");
  Deno.renameSync(log, `${log}.1`);
  files.write("log.1", "3\n"); // by a writer that has not noticed
  files.write("log", "4\n");
  await heard.until("4\n");
  files.write("log.1", "5\n");
  await heard.until("5\n");
  assertEquals(heard.text, "1\n2\n3\n4\n5\n");
});

Deno.test("follow() knows a file of a folder that has got another name", async () => {
  using files = folder();
  files.write("log", "1\n");
  await using heard = new Heard(files.path);
  await heard.until("1\n");
  Deno.renameSync(`${files.path}/log`, `${files.path}/log.1`);
  files.write("log", "2\n");
  await heard.until("2\n");
  files.write("log.1", "3\n");
  await heard.until("3\n");
  assertEquals(heard.text, "1\n2\n3\n");
});

Deno.test("follow() begins again with a file that was cut off, and gives the line that had no end", async () => {
  using files = folder();
  files.write("log", "a long first line\nhal");
  await using heard = new Heard(files.path);
  await heard.until("line\n");
  Deno.truncateSync(`${files.path}/log`, 0);
  files.write("log", "new\n");
  await heard.until("new\n");
  assertEquals(heard.text, "a long first line\nhal\nnew\n");
});

Deno.test("follow() ends when nothing comes for idleTimeout, or by its signal, with a line that has no end", async () => {
  using files = folder();
  files.write("a", "1\n2");
  assertEquals(await all(files.path, { idleTimeout: "20ms" }), "1\n2\n");
  const controller = new AbortController();
  const { signal } = controller;
  await using heard = new Heard(files.path, { signal, pollInterval: "1h" });
  await heard.until("1\n");
  controller.abort();
  assertEquals(await heard.toTheEnd(), "1\n2\n");
});

Deno.test("follow() with from: end gives what comes, from the beginning of the last line on, and a header", async () => {
  using files = folder();
  const lines = Array.from({ length: 20_000 }, (_, at) => `${at},old`).join("\n");
  files.write("a.csv", `n,age\n${lines}\n7,hal`);
  await using heard = new Heard(files.path, { from: "end", headerLines: 1 });
  await heard.until("n,age\n");
  files.write("a.csv", "f\n");
  await heard.until("half\n");
  files.write("b.csv", "n,age\n8,new\n");
  await heard.until("new\n");
  assertEquals(heard.text, "n,age\n7,half\n8,new\n");
});

Deno.test("follow() leaves out headers and byte order marks of all files but the first", async () => {
  using files = folder();
  for (const name of ["a", "b", "c"]) files.write(name, `\ufeffx,y\n${name},1\n`);
  files.write("d", "x,y"); // which has no rows
  const rows = new MemoryPublisher();
  const bytes = follow(files.path, { ...FAST, headerLines: 1, idleTimeout: 1 });
  await from(csv(bytes), { workers: 1 }).to(rows).run();
  assertEquals(rows.rows().map(({ x }) => x), ["a", "b", "c"]);
});

Deno.test("follow() gives the header of the file whose lines come first, and every line behind headers", async () => {
  const HEAD = { headerLines: 1 } as const;
  const cases: [FollowOptions, [string, string][], [string, string][], string][] = [
    [HEAD, [["a", ""], ["b", "h\n2\n"]], [["a", "h\n3\n"]], "h\n2\n3\n"],
    [HEAD, [["a", "h"], ["b", "h\n2\n"]], [["a", "\n3\n"]], "h\n2\n3\n"],
    [
      { ...HEAD, from: "end" },
      [["a", "h\n1\n"], ["b", "h\n2\n"], ["c", "h\n"], ["d", "he"]],
      [["a", "3\n"], ["b", "4\n5\n"], ["c", "6\n"], ["d", "ad\n7\n"]],
      "h\n3\n4\n5\n6\n7\n",
    ],
    [{ ...HEAD, from: "end" }, [["a", ""], ["b", "h\n2\n3"]], [["b", "3\n"]], "h\n33\n"],
  ];
  for (const [options, before, after, expected] of cases) {
    using files = folder();
    for (const [name, text] of before) files.write(name, text);
    await using heard = new Heard(files.path, options);
    await heard.until(2);
    for (const [name, text] of after) files.write(name, text);
    await heard.until(expected.length);
    assertEquals(heard.text.slice(0, 2), "h\n"); // the files may come in any order
    assertEquals(heard.text.split("\n").sort(), expected.split("\n").sort());
  }
});

/** A world in which files vanish when somebody is about to open them. */
class VanishingFiles extends SimulatedRuntime {
  override async openFile(path: string | URL) {
    if (String(path).endsWith("gone")) await this.removeFile(String(path));
    return await super.openFile(path);
  }
}

Deno.test("follow() passes over a file that vanishes before it is opened", async () => {
  const files = new Map(
    [["in/a-gone", "h\n1\n"], ["in/b", "h\n2\n"]].map(([name, text]) =>
      [name, encoder.encode(text)] as const
    ),
  );
  const runtime = new VanishingFiles({ seed: 1, files });
  const bytes = follow("in", { runtime, headerLines: 1, idleTimeout: "1s" });
  const text = await runtime.drive(async () =>
    decoder.decode(await new Response(ReadableStream.from(bytes)).bytes())
  );
  assertEquals(text, "h\n2\n");
});

Deno.test("follow() passes over hidden files, compressed ones, those that are being written, and folders", async () => {
  using files = folder();
  for (const name of [".a", "b.part", "c.gz", "d.zst", "e.tmp", "f~"]) files.write(name, "no\n");
  Deno.mkdirSync(`${files.path}/g`);
  files.write("h.ndjson", "yes\n");
  assertEquals(await all(files.path), "yes\n");
  assertEquals(await all(files.path, { match: /part$/ }), "no\n");
});

/** Appends lines to three files that are rotated now and then, in two pieces each. */
async function writeLog(runtime: SimulatedRuntime, random: Random): Promise<string[]> {
  const lines: string[] = [];
  const pass = () => new Promise<void>((then) => void runtime.after(random.below(20), then));
  for (let turn = 0; turn < 60; turn++) {
    const name = random.pick(["a", "b", "c"]);
    const line = `${name} ${turn} ${"x".repeat(random.below(20))}`;
    lines.push(line);
    const file = await runtime.createFile(`in/${name}`, "append");
    const cut = random.below(line.length);
    await file.write(encoder.encode(line.slice(0, cut)));
    await pass();
    await file.write(encoder.encode(`${line.slice(cut)}\n`));
    await pass();
    if (random.chance(0.1)) await runtime.moveFile(`in/${name}`, `in/old-${turn}`);
  }
  return lines;
}

Deno.test("follow() gives all lines of each file once and in order, however they are written and rotated", async () => {
  await forSeedsAsync(20, async (random, seed) => {
    const runtime = new SimulatedRuntime({ seed, files: new Map([["in/0", new Uint8Array()]]) });
    const pollInterval = 1 + random.below(50);
    const bytes = follow("in", { runtime, pollInterval, idleTimeout: "10s", maxLineBytes: 64 });
    let text = "";
    const hear = async () => {
      for await (const lines of bytes) text += decoder.decode(lines);
    };
    const [written] = await runtime.drive(() => Promise.all([writeLog(runtime, random), hear()]));
    const of = (lines: string[], name: string) => lines.filter((line) => line.startsWith(name));
    const heard = text.split("\n").slice(0, -1);
    assertEquals(heard.length, written.length);
    for (const name of ["a", "b", "c"]) assertEquals(of(heard, name), of(written, name));
  });
});

Deno.test("A pipeline that is aborted while it waits for more lines ends, and leaves nothing open", async () => {
  using files = folder();
  files.write("a.ndjson", '{"x":1}\n{"x":');
  const controller = new AbortController();
  const kept = new MemoryPublisher();
  const bytes = follow(files.path, { pollInterval: "1h" });
  const running = from(ndjson(bytes, { inferenceRows: 1 }), { workers: 1 }).to(kept).run({
    signal: controller.signal,
  });
  while (kept.length === 0) await new Promise<void>((then) => denoRuntime.after(5, then));
  controller.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
  assertEquals(kept.rows(), [{ x: 1 }]);
});

Deno.test("follow() tells what it cannot follow", async () => {
  using files = folder();
  const { path } = files;
  await assertRejects(
    () => all(`${path}/none`),
    FileSourceError,
    "there is no such file or folder",
  );
  await assertRejects(() => all("/dev/null"), FileSourceError, "neither a file nor a folder");
  files.write("long", "x".repeat(100));
  await assertRejects(
    () => all(path, { maxLineBytes: 99 }),
    FileSourceError,
    "more than 99 bytes without the end of a line",
  );
  const wrong: [FollowOptions, string][] = [
    [{ match: "*.csv" as never }, "match must be a RegExp"],
    [{ from: "middle" as never }, 'from must be "start" or "end"'],
    [{ headerLines: -1 }, "headerLines must be a whole number"],
    [{ pollInterval: 0 }, "pollInterval"],
    [{ idleTimeout: "soon" }, "idleTimeout"],
    [{ tail: true } as never, "there is no option"],
  ];
  for (const [options, message] of wrong) assertThrows(() => follow(path, options), Error, message);
  assertThrows(() => follow(7 as never), TypeError, "received 7");
});
