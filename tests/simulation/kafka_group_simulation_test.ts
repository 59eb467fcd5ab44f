import { assert, assertEquals } from "@std/assert";
import { GroupChanged } from "../../src/kafka/driver/kafka_error.ts";
import { ASSIGNORS } from "../../src/kafka/group/assignors.ts";
import { type GroupFlaw, runGroup } from "../support/kafka/group_case.ts";
import { forSeedsAsync, seeds } from "../support/random.ts";
import { replaced } from "../support/replaced.ts";

const SEEDS = seeds(40);

Deno.test("Members of a group read everything, one of them each partition, whatever goes wrong", async () => {
  let [lost, killed, generations] = [0, 0, 0];
  await forSeedsAsync({ from: 1, runs: SEEDS }, async (_, seed) => {
    const run = await runGroup(seed);
    assertEquals(run.wrong, []);
    lost += run.lost;
    killed += run.killed;
    generations += run.generations;
  });
  assert(lost > SEEDS / 4, `only ${lost} places were lost`);
  assert(killed > SEEDS / 2, `only ${killed} members were killed`);
  assert(generations > 10 * SEEDS, `only ${generations} generations`);
});

/** Flaws that a group may have, of which each must come to light. */
const FLAWS: Record<string, GroupFlaw> = {
  "commits more than was read": { ahead: 1 },
  "does not hear that it has to join again": {
    coordinator: (right) => ({
      heartbeat: async (member) => {
        try {
          await right.heartbeat(member);
        } catch (error) {
          if (!(error instanceof GroupChanged)) throw error;
        }
      },
    }),
  },
  "believes in its place for longer than the coordinator": {
    coordinator: (right) => ({
      join: (request, how) => right.join({ ...request, sessionTimeoutMs: 1500 }, how),
    }),
  },
  "leaves the others less time than it takes": {
    coordinator: (right) => ({
      join: (request, how) => right.join({ ...request, rebalanceTimeoutMs: 500 }, how),
    }),
  },
  "begins behind what is committed": {
    coordinator: (right) => ({
      committed: async (partitions) =>
        (await right.committed(partitions)).map((each) => ({ ...each, offset: each.offset + 1 })),
    }),
  },
  "says that it has committed what it has not": {
    coordinator: () => ({ commit: () => Promise.resolve() }),
  },
  "gives up a commit that failed": {
    coordinator: (right) => ({
      commit: (member, offsets) => right.commit(member, offsets).catch(() => {}),
    }),
  },
};

const MOST_SEEDS = 100;

/** The first seed that shows it. */
async function seedThatShows(flaw: GroupFlaw): Promise<number | undefined> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { wrong } = await runGroup(seed, flaw);
    if (wrong.length > 0) return seed;
  }
}

for (const [name, flaw] of Object.entries(FLAWS)) {
  Deno.test(`The simulation sees a member that ${name}`, async () => {
    const seed = await seedThatShows(flaw);
    assert(seed !== undefined, `not in ${MOST_SEEDS} seeds`);
  });
}

Deno.test("The simulation sees a leader that gives a partition to two", async () => {
  using _flaw = replaced(
    ASSIGNORS as Record<string, typeof ASSIGNORS.sticky>,
    "sticky",
    (members, counts) => {
      const assigned = ASSIGNORS.range(members, counts);
      const [first] = assigned.values().toArray().flat();
      return new Map(
        [...assigned].map((
          [memberId, partitions],
        ) => [
          memberId,
          partitions.includes(first) || !first ? partitions : [...partitions, first],
        ]),
      );
    },
  );
  const seed = await seedThatShows({});
  assert(seed !== undefined, `not in ${MOST_SEEDS} seeds`);
});
