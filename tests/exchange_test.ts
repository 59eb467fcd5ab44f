import { assert, assertEquals } from "@std/assert";
import { Exchange, EXCHANGE_BYTES, exchangeRingBytes } from "../src/hive/exchange.ts";
import { CONTROL_BYTES, openRing } from "../src/hive/ring_memory.ts";

const MIB = 1024 * 1024;
const MOST_BEES = 255;

Deno.test("exchangeRingBytes() keeps the rings of any number of bees within the limit together", () => {
  for (let bees = 1; bees <= MOST_BEES; bees++) {
    for (const ringBytes of [4096, 128 * 1024, 4 * MIB, 1024 * MIB]) {
      const capacity = exchangeRingBytes(ringBytes, bees);
      const rings = bees * (bees - 1);
      const where = `${bees} bees, rings of ${ringBytes}: ${capacity}`;
      assert(rings * (capacity + CONTROL_BYTES) <= EXCHANGE_BYTES, where);
      assert(Number.isInteger(Math.log2(capacity)) && capacity >= 2048, where);
      assert(capacity <= ringBytes, where);
      const twice = rings * (2 * capacity + CONTROL_BYTES);
      assert(capacity === ringBytes || twice > EXCHANGE_BYTES, `${where} could be larger`);
    }
  }
});

Deno.test("exchangeRingBytes() leaves rings as they are for as many bees as most machines have", () => {
  const capacities = [2, 8, 9, 16, 32, 45].map((bees) => exchangeRingBytes(4 * MIB, bees) / MIB);
  assertEquals(capacities, [4, 4, 2, 1, 1 / 4, 1 / 8]);
});

Deno.test("Exchange makes a ring for each direction of each pair, and the same anew for a lost bee", () => {
  let bytes = 0;
  const allocate = (size: number) => {
    bytes += size;
    return new SharedArrayBuffer(size);
  };
  const exchange = new Exchange({ bees: 10, ringBytes: 4 * MIB, allocate });
  assertEquals(bytes, 90 * (2 * MIB + CONTROL_BYTES));
  exchange.renew(3);
  assertEquals(bytes, 108 * (2 * MIB + CONTROL_BYTES));
  const peers = exchange.peersOf(3, Array(10).fill(new SharedArrayBuffer(8)));
  assertEquals(peers.map(({ bee }) => bee), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
  for (const { incoming } of peers) assertEquals(openRing(incoming).capacityBytes, 2 * MIB);
});
