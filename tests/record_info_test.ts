import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { RecordInfo } from "../src/hive/record_info.ts";

function info(parent = new AbortController().signal): RecordInfo {
  return new RecordInfo("key 1", { unit: "C" }, parent);
}

Deno.test("RecordInfo tells the key and the context", () => {
  const { key, context } = info();
  assertEquals([key, context], ["key 1", { unit: "C" }]);
});

Deno.test("RecordInfo.signal is one signal, so that a listener can be taken off it again", () => {
  const one = info();
  assertStrictEquals(one.signal, one.signal);
});

Deno.test("RecordInfo.signal aborts with the reason, whether it is asked for before or after", () => {
  const reason = new DOMException("too long", "TimeoutError");
  const before = info();
  let heard = false;
  before.signal.addEventListener("abort", () => heard = true);
  RecordInfo.abort(before, reason);
  const after = info();
  RecordInfo.abort(after, reason);
  assert(heard);
  for (const { signal } of [before, after]) assertStrictEquals(signal.reason, reason);
});

Deno.test("RecordInfo.signal aborts with the stream, and not with another record", () => {
  const stream = new AbortController();
  const [one, other] = [info(stream.signal), info(stream.signal)];
  RecordInfo.abort(one, new Error("this one"));
  assertEquals([one.signal.aborted, other.signal.aborted], [true, false]);
  stream.abort();
  assert(other.signal.aborted);
});
