import { assert } from "@std/assert";
import { col, type ErrorRecord, HiveStream, isErrorRecord } from "@waggle/stream";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** Compiles only when the types are the same. */
function same<A, B>(equal: Equal<A, B>): void {
  assert(equal);
}

interface Reading {
  sensor: string;
  celsius: number;
}

Deno.test("HiveStream types its results by the function's", () => {
  const stream = new HiveStream<Reading, { fahrenheit: number }>({ workers: 1 });
  type Got = Awaited<ReturnType<typeof stream.getResult>>;
  same<Got, { fahrenheit: number } | ErrorRecord<Reading> | null | undefined>(true);
  same<Parameters<typeof stream.submit>[1], Reading>(true);
});

Deno.test("HiveStream does not compile with a function or record of another type", () => {
  const compiled = () => {
    const stream = new HiveStream<Reading, { fahrenheit: number }>({ workers: 1 });
    stream.start((reading) => ({ fahrenheit: reading.celsius * 9 / 5 + 32 }));
    // @ts-expect-error -- a reading has no kelvin
    stream.start((reading) => ({ fahrenheit: reading.kelvin }));
    // @ts-expect-error -- the result has no celsius
    stream.start((reading) => ({ celsius: reading.celsius }));
    // @ts-expect-error -- a record of another form
    stream.submit("key", { sensor: "a" });
    // @ts-expect-error -- no such option
    new HiveStream({ worker: 2 });
    // @ts-expect-error -- no such order
    new HiveStream({ ordered: "some" });
    stream.start(col<{ fahrenheit: number }>("converted"));
  };
  assert(typeof compiled === "function");
});

Deno.test("isErrorRecord() narrows a result to an error record", () => {
  const narrow = (result: unknown) => isErrorRecord(result) ? result.error.message : undefined;
  same<ReturnType<typeof narrow>, string | undefined>(true);
});
