import { assertEquals, assertRejects } from "@std/assert";
import { FilePublisher, RecordBatch, StreamingError } from "../mod.ts";
import { writingFault } from "../src/runtime/writing_fault.ts";

const ADVICE = "Deno has programs with all permissions alone open what is there; give a file, or " +
  "write to the standard output and redirect that to it";

Deno.test("a device that may not be opened is told of with what can be done, and nothing else is", () => {
  const lacking = 'Requires all access to "/dev", run again with the --allow-all flag';
  assertEquals(writingFault(new Deno.errors.NotCapable(lacking)), ADVICE);
  assertEquals(writingFault(new Error(lacking)), lacking);
  const write = 'Requires write access to "a", run again with the --allow-write flag';
  assertEquals(writingFault(new Deno.errors.NotCapable(write)), write);
  assertEquals(writingFault("full"), "full");
});

Deno.test("FilePublisher says what to do about a device that Deno does not open", async () => {
  const publisher = new FilePublisher("/dev/null", {
    format: "csv",
    runtime: {
      ...(await import("../src/runtime/deno_runtime.ts")).denoRuntime,
      fileStatus: () =>
        Promise.reject(new Deno.errors.NotCapable('Requires all access to "/dev", run again')),
    },
  });
  const batch = RecordBatch.fromRows([{ x: 1 }]) as unknown as RecordBatch;
  await assertRejects(
    () => publisher.publish(batch),
    StreamingError,
    `Cannot write /dev/null: ${ADVICE}`,
  );
  await publisher.abort();
});
