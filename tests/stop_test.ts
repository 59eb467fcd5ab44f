import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Stop } from "../src/stream/stop.ts";

const NEVER = new Promise<void>(() => {});

Deno.test("Stop.or() is as the promise until the signal is aborted", async () => {
  const abort = new AbortController();
  using stop = new Stop(abort.signal);
  assertEquals(await stop.or(Promise.resolve(7)), 7);
  await assertRejects(() => stop.or(Promise.reject(new Error("own"))), Error, "own");
  const waits = [stop.or(NEVER), stop.or(NEVER)];
  abort.abort(new Error("stop now"));
  for (const wait of waits) await assertRejects(() => wait, Error, "stop now");
  await assertRejects(() => stop.or(NEVER), Error, "stop now");
});

Deno.test("A failure that comes after the stop is nobody's, and the reason stays", async () => {
  const abort = new AbortController();
  using stop = new Stop(abort.signal);
  const { promise, reject } = Promise.withResolvers<void>();
  const wait = stop.or(promise);
  const reason = new Error("stop now");
  abort.abort(reason);
  reject(new Error("too late"));
  assertStrictEquals(await assertRejects(() => wait, Error), reason);
});

Deno.test("Without a signal a stop never comes", async () => {
  using stop = new Stop(undefined);
  assertEquals(await stop.or(Promise.resolve("x")), "x");
});
