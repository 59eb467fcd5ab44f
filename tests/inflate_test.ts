import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { inflate, InflateError, type InflateOptions } from "../mod.ts";
import { counterpart } from "./support/counterpart.ts";
import { Random } from "./support/random.ts";
import { NO_CODE_FROM_STRINGS, runScript } from "./support/run_script.ts";

const gzip = counterpart({ program: "gzip", purpose: "compress what is inflated" });
const zstd = counterpart({ program: "zstd", purpose: "compress what is inflated" });
const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 5);

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function* cutEvery(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function inflated(
  chunks: Iterable<Uint8Array>,
  options?: InflateOptions,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of inflate(chunks, options)) {
    assert(piece.length > 0 && piece.length <= 262_144);
    pieces.push(piece);
  }
  return joined(pieces);
}

async function run(path: string, args: readonly string[], input: Uint8Array): Promise<Uint8Array> {
  const child = new Deno.Command(path, { args: [...args], stdin: "piped", stdout: "piped" })
    .spawn();
  const fed = new Blob([input as Uint8Array<ArrayBuffer>]).stream().pipeTo(child.stdin);
  const [{ success, stdout }] = await Promise.all([child.output(), fed]);
  assert(success);
  return stdout;
}

/** Lines of text that compress about as well as real ones. */
function lines(random: Random, count: number): Uint8Array<ArrayBuffer> {
  const text = Array.from({ length: count }, (_, at) => {
    const temperature = (random.next() * 40).toFixed(2);
    return `${JSON.stringify({ id: at, sensor: `s${random.below(50)}`, temperature })}\n`;
  });
  return new TextEncoder().encode(text.join(""));
}

async function rejection(bytes: Uint8Array, options?: InflateOptions): Promise<InflateError> {
  return await assertRejects(() => inflated([bytes], options), InflateError);
}

const random = new Random(SEED);
const text = lines(random, 400);
const long = lines(random, 60_000);
const checked = { params: { 201: 1 } }; // ZSTD_c_checksumFlag
const FORMATS = {
  gzip: (bytes: Uint8Array): Uint8Array => gzipSync(bytes),
  zstd: (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, checked),
};

Deno.test(
  gzip.test("inflate() gives what the gzip program compressed, of several members", async (path) => {
    const parts = [
      await run(path, ["-1"], text),
      await run(path, ["-9"], new Uint8Array(0)),
      await run(path, ["-6"], long),
    ];
    const whole = joined([text, long]);
    assertEquals(await inflated(cutEvery(joined(parts), 65_536)), whole);
    assertEquals(await inflated([joined(parts)], { compression: "gzip" }), whole);
  }),
);

Deno.test(
  zstd.test("inflate() gives what the zstd program compressed, of several frames", async (path) => {
    const parts = [
      await run(path, ["-1", "--no-check"], text),
      await run(path, ["-19", "--check"], new Uint8Array(0)),
      Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3),
      await run(path, ["-3", "--long=27"], long),
    ];
    const whole = joined([text, long]);
    assertEquals(await inflated(cutEvery(joined(parts), 65_536)), whole);
    assertEquals(await inflated([joined(parts)], { compression: "zstd" }), whole);
    assertEquals(await inflated([joined(parts.slice(2))]), long, "a skippable frame first");
  }),
);

Deno.test(
  zstd.test("inflate() refuses a zstd window that is too large, naming the way out", async (path) => {
    const { message } = await rejection(await run(path, ["--long=31", "--ultra", "-19"], text));
    assertStringIncludes(message, "byte 0: the zstd frame needs a window of 2147483648 bytes");
    assertStringIncludes(message, "--long=27");
  }),
);

Deno.test("inflate() reads gzip headers with every optional field", async () => {
  const plain = gzipSync(text);
  const fields = [3, 0, 9, 9, 9, ...new TextEncoder().encode("birds.csv\0by hand\0")];
  const head = Uint8Array.of(0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3, ...fields);
  const { crc32 } = await import("node:zlib");
  const check = crc32(head) & 0xffff;
  const bytes = joined([head, Uint8Array.of(check & 255, check >> 8), plain.subarray(10)]);
  for (const size of [1, 7, bytes.length]) {
    assertEquals(await inflated(cutEvery(bytes, size)), text);
  }
  bytes[4] ^= 1;
  assertStringIncludes((await rejection(bytes)).message, "CRC-16");
});

for (const [format, compress] of Object.entries(FORMATS)) {
  const small = compress(text.subarray(0, 1_500));
  const bytes = joined([small, compress(text.subarray(1_500, 1_600))]);
  const expected = text.subarray(0, 1_600);

  Deno.test(`inflate() gives the same for ${format} however it is cut`, async () => {
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = [bytes.slice(0, at), bytes.slice(at)];
      assertEquals(await inflated(pieces), expected, `cut at ${at}`);
    }
    for (const size of [1, 2, 3, 5, 8, 13]) {
      assertEquals(await inflated(cutEvery(bytes, size)), expected);
    }
  });

  Deno.test(`inflate() names the byte at which ${format} is cut short`, async () => {
    for (let at = 1; at < bytes.length; at++) {
      if (at === small.length) continue; // whole members or frames are whole
      const error = await rejection(bytes.slice(0, at), { compression: format as "gzip" | "zstd" });
      assert(error.offset <= at, `cut at ${at}: ${error.message}`);
    }
    const { message } = await rejection(bytes.slice(0, -3), { name: "birds" });
    assertStringIncludes(message, "Cannot inflate birds: byte ");
    assertStringIncludes(message, "the input was cut short");
  });

  Deno.test(`inflate() never gives other bytes when one of ${format} is changed`, async () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] ^= 1 + random.below(255);
      const note = `seed ${SEED}, byte ${at}`;
      try {
        assertEquals(await inflated([damaged], { compression: format as "gzip" }), expected, note);
      } catch (error) {
        assert(error instanceof InflateError, `${note}: ${error}`);
        assert(error.offset <= bytes.length, note);
      }
    }
  });

  Deno.test(`inflate() refuses garbage after ${format}, and says where it begins`, async () => {
    for (const garbage of [[0], [0x1f], [0x28, 0xb5], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]) {
      for (
        const pieces of [[bytes, Uint8Array.from(garbage)], [
          joined([bytes, Uint8Array.from(garbage)]),
        ]]
      ) {
        const error = await assertRejects(() => inflated(pieces), InflateError);
        assertEquals(error.offset, bytes.length);
      }
    }
    assertStringIncludes(
      (await rejection(joined([bytes, Uint8Array.of(7)]))).message,
      "garbage follows",
    );
  });

  Deno.test(`inflate() stops a ${format} bomb by its ratio, and any by its total`, async () => {
    const zeros = new Uint8Array(2 ** 26 + 2 ** 20);
    const bomb = compress(zeros);
    const { message } = await rejection(bomb);
    assertStringIncludes(message, "more than maxInflationRatio (250) times as many");
    assertEquals((await inflated([bomb], { maxInflationRatio: Infinity })).length, zeros.length);
    const capped = await rejection(bomb, { maxInflatedBytes: 1e6 });
    assertStringIncludes(capped.message, "more than maxInflatedBytes (1000000) bytes");
    assertEquals(await inflated([bytes], { maxInflatedBytes: expected.length }), expected);
  });

  Deno.test(`inflate() reads no more of ${format} than it must, and closes what it reads`, async () => {
    const source = compress(long);
    let [read, closed] = [0, false];
    function* chunks(): Generator<Uint8Array> {
      try {
        for (const chunk of cutEvery(source, 4_096)) {
          read++;
          yield chunk;
        }
      } finally {
        closed = true;
      }
    }
    for await (const piece of inflate(chunks())) {
      assert(piece.length > 0);
      break;
    }
    assert(read < 40, `${read} chunks were read`);
    assert(closed);
  });

  Deno.test(`inflate() expects ${format} where it is told to`, async () => {
    const error = await rejection(text, { compression: format as "gzip" });
    assertEquals(error.offset, 0);
    assertStringIncludes(error.message, `the input is no ${format}`);
    assertEquals((await rejection(new Uint8Array(0), { compression: format as "gzip" })).offset, 0);
  });
}

Deno.test("inflate() lets pass what is not compressed, chunk for chunk", async () => {
  for (
    const bytes of [text, new Uint8Array(0), Uint8Array.of(0x1f), Uint8Array.of(0x1f, 0x8b, 7)]
  ) {
    assertEquals(await inflated(cutEvery(bytes, 1_000)), bytes);
  }
  const gz = gzipSync(text);
  assertEquals(await inflated([gz], { compression: "none" }), new Uint8Array(gz));
  const pieces = [text.slice(0, 100), text.slice(100)];
  const seen = await Array.fromAsync(inflate(pieces));
  assert(seen[0] === pieces[0] && seen[1] === pieces[1]);
});

Deno.test("inflate() names formats that it knows but does not have", async () => {
  const begins = {
    xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    bzip2: [...new TextEncoder().encode("BZh91AY&SY")],
    lz4: [4, 0x22, 0x4d, 0x18],
    zip: [0x50, 0x4b, 3, 4],
  };
  for (const [format, magic] of Object.entries(begins)) {
    const bytes = Uint8Array.of(...magic, 1, 2, 3);
    assertStringIncludes((await rejection(bytes)).message, `the input is compressed as ${format}`);
    assertEquals(await inflated([bytes], { compression: "none" }), bytes);
  }
});

Deno.test("inflate() refuses headers that zstd and gzip do not allow", async () => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const gz = [0x1f, 0x8b];
  const cases: [number[], InflateOptions["compression"], string][] = [
    [[...magic, 8, 0, 0, 0], "auto", "reserved bit"],
    [[...magic, 1, 0x58, 77, 0, 0], "auto", "needs the dictionary 77"],
    [[...magic, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0], "auto", "a window of 1099511627776 bytes"],
    [[...magic, 0x20, 0, 7, 0, 0], "auto", "reserved type"],
    [[...magic, 0, 0x58, 5, 0, 0xff], "auto", "a zstd block has 2088960 bytes"],
    [[...gz, 7, 0, 0, 0, 0, 0, 0, 0], "gzip", "compression method 7"],
    [[...gz, 8, 0x80, 0, 0, 0, 0, 0, 0], "gzip", "reserved flags (0x80)"],
    [[...gz, 8, 8, 0, 0, 0, 0, 0, 0, ...new Array(140_000).fill(65)], "gzip", "longer than 131072"],
  ];
  for (const [bytes, compression, reason] of cases) {
    assertStringIncludes(
      (await rejection(Uint8Array.from(bytes), { compression })).message,
      reason,
    );
  }
});

Deno.test("inflate() refuses options and chunks that are none", async () => {
  const refused: [object, string][] = [
    [
      { compression: "brotli" },
      'Cannot inflate: compression must be "auto" or "none" or "gzip" or "zstd"',
    ],
    [{ maxInflatedBytes: 0 }, "maxInflatedBytes must be a number from 1, received 0"],
    [{ maxInflationRatio: NaN }, "maxInflationRatio must be a number from 1, received NaN"],
    [{ compresion: "gzip" }, "did you mean compression?"],
  ];
  for (const [options, reason] of refused) {
    let message = "";
    try {
      inflate([], options);
    } catch (error) {
      message = (error as Error).message;
    }
    assertStringIncludes(message, reason);
  }
  const chunks = ["text"] as unknown as Uint8Array[];
  await assertRejects(() => inflated(chunks), TypeError, "a chunk must be a Uint8Array");
});

Deno.test("inflate() needs no permission and makes no code from strings", async () => {
  const base64 = gzipSync(text).toString("base64");
  const script = `
    import { inflate } from "@waggle/stream";
    let bytes = 0;
    for await (const piece of inflate([Uint8Array.fromBase64("${base64}")])) bytes += piece.length;
    console.log(bytes);
  `;
  const { out, error } = await runScript(script, [NO_CODE_FROM_STRINGS]);
  assertEquals(out, `${text.length}\n`, error);
});

Deno.test("inflate() meets random and mutated bytes with its error or the right bytes", async () => {
  const source = text.subarray(0, 900);
  const valid = Object.values(FORMATS).map((compress) => compress(source));
  let refused = 0;
  for (let run = 0; run < 30_000; run++) {
    const bytes = run % 3 === 2
      ? Uint8Array.from({ length: 1 + random.below(40) }, () => random.below(256))
      : valid[run % 3].slice(
        0,
        random.chance(0.1) ? random.below(valid[run % 3].length) : undefined,
      );
    if (run % 3 === 2) bytes.set([0x1f, 0x8b, 8].slice(0, bytes.length));
    else if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    try {
      for await (
        const piece of inflate([bytes], { compression: run % 3 === 1 ? "zstd" : "gzip" })
      ) {
        assert(piece.length <= 262_144);
      }
    } catch (error) {
      assert(error instanceof InflateError, `seed ${SEED}, run ${run}: ${error}`);
      refused++;
    }
  }
  assert(refused > 10_000, `${refused}`);
});

Deno.test("Bytes that cannot be the beginning of compressed ones are given as soon as they come", async () => {
  async function* slow() {
    yield new TextEncoder().encode("a,b\n");
    await new Promise<never>(() => {});
  }
  const { value } = await inflate(slow()).next();
  assertEquals(new TextDecoder().decode(value as Uint8Array), "a,b\n");
});
