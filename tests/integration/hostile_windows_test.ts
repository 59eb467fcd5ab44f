import { assert, assertEquals } from "@std/assert";
import { create } from "../../src/kernel/kernel.ts";
import { KernelWindowTable } from "../../src/kernel/window_table.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { ReferenceWindowTable } from "../../src/windows/reference_window_table.ts";
import { columnsOf, randomCase, type WindowCase } from "../support/window_cases.ts";

const RUNS = 4_000;
const START = { position: 0, partition: 0, watermarkBefore: -Infinity };
const WORDS = [0xffff_ffff, 0x7fff_ffff, 0x8000_0000, 1 << 20, 3];

/** Changes a few bytes, or a word, or cuts the end off. */
function damage(random: Random, bytes: Uint8Array): Uint8Array {
  const damaged = bytes.slice();
  if (random.chance(0.2)) return damaged.slice(0, random.below(damaged.length));
  if (random.chance(0.5)) {
    const at = random.below(damaged.length >> 2) * 4;
    new DataView(damaged.buffer).setUint32(at, random.pick(WORDS), true);
    return damaged;
  }
  for (let more = 1 + random.below(3); more > 0; more--) {
    damaged[random.below(damaged.length)] = random.below(256);
  }
  return damaged;
}

/** What a table can do must end, well or with an error that says what was wrong; whether well. */
function survives(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    const isTold = error instanceof RangeError || error instanceof TypeError;
    assert(isTold && error.message.startsWith("Cannot "), String(error));
    return false;
  }
}

Deno.test("KernelWindowTable takes damaged deltas and snapshots for what they are, and never hangs", () => {
  const kernel = create({ budgetBytes: 64 * 1024 * 1024 });
  forSeeds(RUNS, (random) => {
    const given: WindowCase = randomCase(random, 40);
    const at = { ...START, bound: given.bound };
    using table = new KernelWindowTable(kernel, given.plan);
    table.add(columnsOf(given, given.rows), at);
    const isSnapshot = random.chance(0.5);
    const options = { ownerOf: new Uint8Array(256), owners: 1 };
    const bytes = isSnapshot ? table.snapshot() : table.takeDeltas(options)[0];
    if (bytes.length === 0) return;
    {
      using other = new KernelWindowTable(kernel, given.plan);
      const damaged = damage(random, bytes);
      survives(() => {
        if (isSnapshot) other.restore(damaged);
        else other.fold(damaged);
        other.close(Infinity);
      });
    }
    using whole = new KernelWindowTable(kernel, given.plan);
    if (isSnapshot) whole.restore(bytes);
    else whole.fold(bytes);
    survives(() => whole.close(Infinity));
  });
});

Deno.test("a window table restores a damaged snapshot as it was, or not at all", () => {
  const kernel = create({ budgetBytes: 64 * 1024 * 1024 });
  const makers = [
    ({ plan }: WindowCase) => new KernelWindowTable(kernel, plan),
    ({ plan }: WindowCase) => new ReferenceWindowTable(plan),
  ];
  let refused = 0;
  forSeeds(RUNS, (random, seed) => {
    const given = randomCase(random, 40);
    const make = makers[seed % makers.length];
    using table = make(given);
    table.add(columnsOf(given, given.rows), { ...START, bound: given.bound });
    const snapshot = table.snapshot();
    if (snapshot.length === 0) return;
    const damaged = damage(random, snapshot);
    using whole = make(given);
    whole.restore(snapshot);
    using other = make(given);
    other.restore(snapshot);
    if (!survives(() => other.restore(damaged))) refused++;
    // Nothing that was damaged got in: the table is as the whole snapshot left it, or empty.
    assertEquals(other.snapshot(), damaged.length === 0 ? new Uint8Array() : whole.snapshot());
  });
  assert(refused > RUNS / 2, `only ${refused} were refused`);
});
