import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HiveStream, isErrorRecord } from "@waggle/stream";
import { anyString, anyValue } from "../support/any_values.ts";
import { Random } from "../support/random.ts";
import { difference } from "../support/same.ts";

const RECORDS = 3_000;

interface Sent {
  readonly key: string;
  readonly value: unknown;
}

/** Submits values under keys of any kind; gives those that were accepted. */
async function submitAny(stream: HiveStream, seed: number): Promise<Sent[]> {
  const values = fc.sample(anyValue, { numRuns: RECORDS, seed });
  const keys = fc.sample(anyString, { numRuns: 50, seed });
  const random = new Random(seed);
  const accepted: Sent[] = [];
  for (const plain of values) {
    const key = random.chance(0.01) ? "long".repeat(random.below(500)) : random.pick(keys);
    const value = random.chance(0.05) ? new Array(random.below(60)).fill(plain) : plain;
    try {
      await stream.submit(key, value, { priority: random.chance(0.1) ? "high" : "normal" });
      accepted.push({ key, value });
    } catch (error) {
      assert(error instanceof RangeError, String(error));
      assert(/raise ringBytes/.test(error.message), error.message);
    }
  }
  return accepted;
}

for (const ringBytes of [4096, 8192, 65_536]) {
  Deno.test(`HiveStream gives every record its outcome through rings of ${ringBytes} bytes`, async () => {
    const seed = ringBytes + 1;
    const echo = new HiveStream({ workers: 2, ordered: "all", ringBytes });
    await echo.start(async (value, { key }) => {
      const kind = key.length % 4;
      if (kind === 1) throw Object.assign(new Error(`${key}€`.repeat(2_000)), { name: key });
      if (kind === 2) return await Promise.resolve(value);
      return kind === 3 ? [key, value, value, value, value] : value;
    });
    const accepted = await submitAny(echo, seed);
    assert(accepted.length > RECORDS / 2, `${accepted.length} of ${RECORDS} accepted`);
    const { processed, lostBees } = await echo.stop();
    assertEquals([processed, lostBees], [accepted.length, 0]);
    let at = 0;
    for await (const { key, result } of echo) {
      const sent = accepted[at++];
      const where = `seed ${seed}, record ${at - 1}`;
      assertEquals(key, sent.key, where);
      check(sent, result, where);
    }
    assertEquals(at, accepted.length);
  });
}

function check({ key, value }: Sent, result: unknown, where: string): void {
  const same = (one: unknown) =>
    assertEquals(difference(one, structuredClone(value)), undefined, where);
  const kind = key.length % 4;
  if (isErrorRecord(result)) {
    same(result.record);
    if (kind === 1) assert(`${key}€`.repeat(2_000).startsWith(result.error.message), where);
    else assert(result.error.message.includes("Cannot return the function's result"), where);
  } else if (kind === 3) {
    same((result as unknown[])[1]);
  } else if (value !== undefined) same(result);
  else assertEquals(result, null, where);
}
