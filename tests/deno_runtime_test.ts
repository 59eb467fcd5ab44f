import { assert, assertEquals, assertRejects } from "@std/assert";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";

const ECHO = new URL("./support/echo_worker.ts", import.meta.url);

Deno.test("denoRuntime's clocks go on, and its random numbers are from 0 to below 1", async () => {
  const [monotonicMs, wallMs] = [denoRuntime.monotonicMs(), denoRuntime.wallClockMs()];
  await new Promise<void>((resolve) => void denoRuntime.after(5, resolve));
  assert(denoRuntime.monotonicMs() > monotonicMs);
  assert(Math.abs(denoRuntime.wallClockMs() - wallMs) < 3_600_000);
  assert(wallMs > Date.UTC(2024));
  const random = denoRuntime.random();
  assert(random >= 0 && random < 1);
  assert(denoRuntime.cores >= 1);
});

Deno.test("denoRuntime.after() fires once, and not when it was cancelled", async () => {
  const fired: string[] = [];
  const cancel = denoRuntime.after(1, () => fired.push("cancelled"));
  cancel();
  await new Promise<void>((resolve) => void denoRuntime.after(5, resolve));
  cancel();
  assertEquals(fired, []);
});

Deno.test("denoRuntime.after() does not fire early for delays that no timer holds, and can be cancelled", async () => {
  const fired: number[] = [];
  const delays = [2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const cancels = delays.map((ms) => denoRuntime.after(ms, () => fired.push(ms)));
  await new Promise<void>((resolve) => void denoRuntime.after(20, resolve));
  for (const cancel of cancels) cancel(); // else the test would leak its timers, and fail
  await new Promise<void>((resolve) => void denoRuntime.after(20, resolve));
  assertEquals(fired, []);
});

Deno.test("denoRuntime.soon() calls back after this turn, and before timers of a later one", async () => {
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    denoRuntime.soon(() => {
      events.push("soon");
      resolve();
    });
    Promise.resolve().then(() => events.push("promise"));
    events.push("now");
  });
  assertEquals(events, ["now", "promise", "soon"]);
});

Deno.test("denoRuntime waits on shared cells and wakes those who do", async () => {
  const awake = denoRuntime.after(60_000, () => {}); // a wait alone keeps no event loop alive
  const cells = new Int32Array(denoRuntime.sharedMemory(8));
  assertEquals(denoRuntime.waitAsync(cells, 0, 1, 1_000), "not-equal");
  const waiting = denoRuntime.waitAsync(cells, 0, 0, 60_000);
  assertEquals(denoRuntime.notify(cells, 0), 1);
  assertEquals(await waiting, "ok");
  assertEquals(await denoRuntime.waitAsync(cells, 1, 0, 1), "timed-out");
  assertEquals(denoRuntime.wait(cells, 0, 1, 0), "not-equal");
  awake();
});

Deno.test("denoRuntime spawns workers, which get their init first, and tells of their errors", async () => {
  const heard: unknown[] = [];
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  let wake = () => {};
  const inProcess = () => Promise.reject(new Error("only in simulations"));
  const worker = denoRuntime.spawn({ module: ECHO, init: "init", name: "bee 7.0", inProcess }, {
    message: (data) => {
      heard.push(data);
      wake();
    },
    error: fail,
  });
  worker.post("second");
  while (heard.length < 2) await new Promise<void>((resolve) => wake = resolve);
  assertEquals(heard, [
    { name: "bee 7.0", data: "init" },
    { name: "bee 7.0", data: "second" },
  ]);
  worker.post("throw");
  assert((await failed).message.includes("thrown in the worker"));
  worker.terminate();
});

/** Spawns one that tells what it hears; resolves with the first that it has heard, or its error. */
async function firstHeard(module: URL, init: string): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const inProcess = () => Promise.reject(new Error("only in simulations"));
  const events = { message: resolve, error: (error: Error) => resolve(error.name) };
  const worker = denoRuntime.spawn({ module, init, name: "spawned", inProcess }, events);
  const heard = await promise;
  worker.terminate();
  return heard;
}

Deno.test("denoRuntime.startAhead() starts threads that spawn() takes once, and ends the others", async () => {
  {
    using _threads = denoRuntime.startAhead!(ECHO, 2, "early");
    const heard = await firstHeard(ECHO, "init") as { name: string; data: string };
    assertEquals(heard.name, "ahead 0");
    assert(["early", "init"].includes(heard.data));
  } // else the test would leak a worker, and fail
  assertEquals(await firstHeard(ECHO, "init"), { name: "spawned", data: "init" });
});

Deno.test("denoRuntime.startAhead() leaves it to spawn() to tell of a module that cannot be loaded", async () => {
  const missing = new URL("./support/no_such_worker.ts", import.meta.url);
  using _threads = denoRuntime.startAhead!(missing, 1, "early");
  for (let turn = 0; turn < 2; turn++) assertEquals(await firstHeard(missing, "init"), "Error");
});

Deno.test("denoRuntime.openFile() gives a file's bytes, or says that it is not there", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "line\n".repeat(50_000));
    let bytes = 0;
    const file = await denoRuntime.openFile(path);
    const into = new Uint8Array(65_536);
    for (let read = await file.read(into); read !== null; read = await file.read(into)) {
      bytes += read;
    }
    await file.seek(249_999);
    assertEquals([await file.read(into), into[0]], [1, 10]);
    file.close();
    assertEquals([file.sizeBytes, bytes], [250_000, 250_000]);
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => denoRuntime.openFile(path), Deno.errors.NotFound);
});

Deno.test("denoRuntime.writeFile() writes to a pipe, and leaves it one", async () => {
  const pipe = `${await Deno.makeTempDir()}/pipe`;
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const reader = new Deno.Command("cat", { args: [pipe], stdout: "piped" }).spawn();
  await denoRuntime.writeFile(pipe, new TextEncoder().encode("through"));
  const { stdout } = await reader.output();
  assertEquals(new TextDecoder().decode(stdout), "through");
  assertEquals((await denoRuntime.fileStatus(pipe)).kind, "other");
});

Deno.test("denoRuntime.writeFile() leaves a whole file, or what was there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/a.bin`;
    await denoRuntime.writeFile(path, new Uint8Array([1, 2]));
    await denoRuntime.writeFile(new URL(`file://${path}`), new Uint8Array([3]));
    assertEquals(await Deno.readFile(path), new Uint8Array([3]));
    await assertRejects(() => denoRuntime.writeFile(folder, new Uint8Array([4])));
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["a.bin"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("denoRuntime.print() writes whole lines, long ones too, also into a pipe", async () => {
  const module = new URL("../src/runtime/deno_runtime.ts", import.meta.url).href;
  const code = `import { denoRuntime } from ${JSON.stringify(module)};
    denoRuntime.print("é".repeat(500_000));
    denoRuntime.print("end");`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  assertEquals([lines[0].length, lines[1], lines.length], [500_000, "end", 3]);
});
