import { assert, assertEquals, assertStringIncludes } from "@std/assert";

interface Outcome {
  readonly results: unknown[];
  readonly late: number;
  readonly absorbed: number;
  readonly lostBees: number;
  readonly replayedBatches: number;
  readonly name: string;
  readonly message: string;
}

async function run(
  fault: "hang" | "throw",
  { workers, broken = "none", maxLostBees = 8, order = "any" }: {
    workers: number;
    broken?: string;
    maxLostBees?: number;
    order?: "any" | "ordered" | "file";
  },
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-read",
      "tests/support/pipeline_faults_main.ts",
      ...[fault, workers, broken, maxLostBees, order].map(String),
    ],
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}

const sound = {
  any: run("throw", { workers: 2 }),
  ordered: run("throw", { workers: 2, order: "ordered" }),
  file: run("throw", { workers: 2, order: "file" }),
};

for (const fault of ["hang", "throw"] as const) {
  for (
    const [order, workers, broken] of [
      ["any", 1, "0"],
      ["any", 2, "1"],
      ["any", 3, "0,2"],
      ["ordered", 1, "0"],
      ["ordered", 3, "0,2"],
      ["file", 1, "0"],
      ["file", 3, "0,2"],
    ] as const
  ) {
    const title = `Nothing is lost or doubled when of ${workers} bees ${broken} ${fault}s`;
    Deno.test(`${title}, rows coming by ${order}`, async () => {
      const whole = await sound[order];
      // Rows are the same whoever decodes them.
      if (order === "file") assertEquals(whole.results, (await sound.any).results);
      assertEquals([whole.lostBees, whole.replayedBatches], [0, 0]);
      const hurt = await run(fault, { workers, broken, order });
      assertEquals(hurt.results, whole.results);
      assertEquals([hurt.late, hurt.absorbed], [whole.late, whole.absorbed]);
      assert(whole.late > 0);
      assertEquals(hurt.lostBees, broken.split(",").length);
      assert(hurt.replayedBatches > 0);
    });
  }
}

Deno.test("A pipeline fails with LostBeesError when more bees are lost than it may lose", async () => {
  const outcome = await run("throw", { workers: 1, broken: "0,always", maxLostBees: 2 });
  assertEquals([outcome.name, outcome.lostBees], ["LostBeesError", 3]);
  assertStringIncludes(outcome.message, "maxLostBees (2)");
  assertStringIncludes(outcome.message, "the clock broke");
});
