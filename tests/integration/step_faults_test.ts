import { assertEquals } from "@std/assert";

const TOTAL = 600 * 599 / 2;

for (const [workers, shape] of [[1, "rows"], [2, "windows"]] as const) {
  Deno.test(`A row for which a function never returns is told by its place: ${shape}`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-lock",
        "--allow-read",
        "tests/support/step_faults_main.ts",
        ...[workers, shape].map(String),
      ],
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const { total, letters, unaccounted, deadLettered, lostBees } = JSON.parse(text.decode(stdout));
    assertEquals({ total, unaccounted, deadLettered, lostBees }, {
      total: TOTAL - 377,
      unaccounted: 0,
      deadLettered: 1,
      lostBees: 2,
    });
    const [{ record, position, error }] = letters;
    assertEquals({ record, position, name: error.name }, {
      record: { at: 377, n: 377 },
      position: 377,
      name: "LostBeeError",
    });
  });
}
