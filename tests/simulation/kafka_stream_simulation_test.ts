import { assert, assertEquals } from "@std/assert";
import { DRIVER_FLAWS, losesBlocks } from "../support/kafka/flaws.ts";
import { runStreams } from "../support/kafka/stream_case.ts";
import { forSeedsAsync, seeds } from "../support/random.ts";

const SEEDS = seeds(8);
const MOST_SEEDS = 30;

Deno.test("Topic to topic nothing is lost, whatever goes wrong, and only who is replaced repeats", async () => {
  let [killed, generations, doubles] = [0, 0, 0];
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const run = await runStreams(seed);
    assertEquals(run.wrong, []);
    killed += run.killed;
    generations += run.generations;
    doubles += run.doubles;
  });
  assert(killed > SEEDS / 2, `only ${killed} programs were killed`);
  assert(generations > 3 * SEEDS, `only ${generations} generations`);
  assert(doubles > 0, "nothing came twice: nobody was killed at work");
});

Deno.test("Topic to topic nothing comes twice as long as one program reads on", async () => {
  await forSeedsAsync({ from: 10_001, runs: SEEDS / 2 }, async (_, seed) => {
    const { wrong, doubles } = await runStreams(seed, { isSteady: true });
    assertEquals({ wrong, doubles }, { wrong: [], doubles: 0 });
  });
});

Deno.test("Windows of a topic are told of whole, whoever reads it, before their rows are committed", async () => {
  let doubles = 0;
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const run = await runStreams(seed, { windows: true });
    assertEquals(run.wrong, []);
    doubles += run.doubles;
  });
  assert(doubles > 0, "no window came twice: nobody was killed at work");
});

Deno.test("A source reads again what its driver has lost on the way", async () => {
  await forSeedsAsync({ from: 20_001, runs: SEEDS / 4 }, async (_, seed) => {
    const { wrong } = await runStreams(seed, { isSteady: true, flaw: losesBlocks });
    assertEquals(wrong, []);
  });
});

Deno.test("The simulation sees windows whose rows are committed before they are told of", async () => {
  const flaw = DRIVER_FLAWS["commits what was fetched and not settled"];
  let found = 0;
  for (let seed = 1; seed <= MOST_SEEDS && found === 0; seed++) {
    const { wrong } = await runStreams(seed, { windows: true, flaw });
    if (wrong.length > 0) found = seed;
  }
  assert(found > 0, `not in ${MOST_SEEDS} seeds`);
});

for (const [name, flaw] of Object.entries(DRIVER_FLAWS)) {
  Deno.test(`The simulation sees a driver that ${name}`, async () => {
    let found = 0;
    for (let seed = 1; seed <= MOST_SEEDS && found === 0; seed++) {
      const { wrong } = await runStreams(seed, { flaw });
      if (wrong.length > 0) found = seed;
    }
    assert(found > 0, `not in ${MOST_SEEDS} seeds`);
  });
}
