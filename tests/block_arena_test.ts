import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { BlockArena, bytesAt, PLACE_BYTES, writePlace } from "../src/hive/block_arena.ts";

function opened(blockBytes: number): BlockArena {
  const arena = new BlockArena({ sharedMemory: (bytes) => new SharedArrayBuffer(bytes) });
  arena.open(blockBytes);
  return arena;
}

function takeAll(arena: BlockArena): Uint8Array[] {
  const rooms: Uint8Array[] = [];
  for (let room = arena.take(); room; room = arena.take()) rooms.push(room);
  return rooms;
}

Deno.test("BlockArena has no room before it is opened, and no memory", () => {
  const arena = new BlockArena({ sharedMemory: () => assert(false) as never });
  assertEquals(arena.take(), undefined);
  assertEquals(arena.memory, undefined);
});

Deno.test("BlockArena gives rooms that do not touch, until there are no more", () => {
  const rooms = takeAll(opened(101));
  assert(rooms.length > 8);
  const ends = rooms.map(({ byteOffset, length }) => [byteOffset, byteOffset + length]);
  ends.sort(([a], [b]) => a - b);
  for (const [at, [start, end]] of ends.entries()) {
    assert(end - start >= 101 && start % 8 === 0);
    if (at > 0) assert(start >= ends[at - 1][1]);
  }
});

Deno.test("BlockArena has fewer rooms for large blocks, and none for those that are too large", () => {
  const asked: number[] = [];
  const sharedMemory = (bytes: number) => {
    asked.push(bytes);
    return new SharedArrayBuffer(8);
  };
  for (const blockBytes of [1 << 20, 64 << 20, 300 << 20]) {
    new BlockArena({ sharedMemory }).open(blockBytes);
  }
  assertEquals(asked, [48 << 20, 256 << 20]);
});

Deno.test("BlockArena takes a room back by any bytes in it, and gives the latest first", () => {
  const arena = opened(100);
  const rooms = takeAll(arena);
  arena.release(rooms[3].subarray(7, 20));
  arena.release(rooms[5].subarray(99, 100));
  assertEquals(arena.take()?.byteOffset, rooms[5].byteOffset);
  assertEquals(arena.take()?.byteOffset, rooms[3].byteOffset);
  assertEquals(arena.take(), undefined);
});

Deno.test("BlockArena knows where bytes lie, and of others that they do not", () => {
  const arena = opened(64);
  const room = arena.take()!;
  const block = room.subarray(5, 30);
  assertEquals(arena.placeOf(block), { offset: room.byteOffset + 5, length: 25 });
  assertEquals(arena.placeOf(new Uint8Array(25)), undefined);
  const left = takeAll(arena).length;
  arena.release(new Uint8Array(25));
  assertEquals(arena.take(), undefined);
  assertNotEquals(left, 0);
});

Deno.test("A place that was written leads to the bytes", () => {
  const arena = opened(64);
  arena.take();
  const block = arena.take()!.subarray(3, 9);
  block.set([1, 2, 3, 4, 5, 6]);
  const body = new Uint8Array(8 + PLACE_BYTES).subarray(8);
  writePlace(body, arena.placeOf(block)!);
  assertEquals([...bytesAt(arena.memory!, body)], [1, 2, 3, 4, 5, 6]);
});
