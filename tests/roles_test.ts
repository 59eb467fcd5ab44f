import { assert, assertEquals } from "@std/assert";
import { assignRoles, type Load, type Role } from "../src/hive/roles.ts";
import { forSeeds, type Random } from "./support/random.ts";

function load(given: Partial<Load> = {}): Load {
  const bees = given.bees ?? 4;
  const utilization = new Array(bees).fill(0.5);
  return { bees, waitingRows: 100, urgentRows: 0, newSources: 0, utilization, ...given };
}

/** The bees with a role. */
function withRole(roles: readonly (readonly Role[])[], role: Role): number[] {
  return roles.flatMap((own, bee) => own.includes(role) ? [bee] : []);
}

function randomLoad(random: Random): Load {
  const bees = 2 + random.below(10);
  const waitingRows = random.pick([0, 1, random.below(10_000)]);
  return {
    bees,
    waitingRows,
    urgentRows: random.pick([0, waitingRows, random.below(waitingRows + 1)]),
    newSources: random.pick([0, 0, 1, 3]),
    utilization: Array.from({ length: bees }, () => random.below(11) / 10),
  };
}

Deno.test("assignRoles() gives one bee alone all three roles, whatever the load", () => {
  for (const urgentRows of [0, 100]) {
    for (const newSources of [0, 1]) {
      const roles = assignRoles(load({ bees: 1, urgentRows, newSources }));
      assertEquals(roles, [["employed", "onlooker", "scout"]]);
    }
  }
});

Deno.test("assignRoles() gives each of several bees one role, and employs at least one", () => {
  forSeeds(2_000, (random) => {
    const given = randomLoad(random);
    const roles = assignRoles(given);
    assertEquals(roles.length, given.bees);
    assert(roles.every((own) => own.length === 1));
    assert(withRole(roles, "employed").length >= 1);
  });
});

Deno.test("assignRoles() names a scout when nothing waits or a source is new, and no other time", () => {
  forSeeds(2_000, (random) => {
    const given = randomLoad(random);
    const scouts = withRole(assignRoles(given), "scout");
    const wanted = given.waitingRows === 0 || given.newSources > 0;
    assertEquals(scouts.length, wanted ? 1 : 0);
    const least = Math.min(...given.utilization);
    for (const bee of scouts) assertEquals(given.utilization[bee], least);
  });
});

Deno.test("assignRoles() has onlookers while urgent rows wait, as many as their share asks for", () => {
  const onlookers = (given: Partial<Load>) => withRole(assignRoles(load(given)), "onlooker").length;
  assertEquals(onlookers({ urgentRows: 0 }), 0);
  assertEquals(onlookers({ urgentRows: 1 }), 1);
  assertEquals(onlookers({ bees: 9, urgentRows: 50 }), 4);
  assertEquals(onlookers({ bees: 9, urgentRows: 100 }), 8);
  assertEquals(onlookers({ bees: 2, urgentRows: 100 }), 1);
  assertEquals(onlookers({ bees: 2, urgentRows: 100, newSources: 1 }), 0);
  assertEquals(onlookers({ bees: 3, urgentRows: 100, newSources: 1 }), 1);
});

Deno.test("assignRoles() leaves the busiest bees employed", () => {
  forSeeds(2_000, (random) => {
    const given = randomLoad(random);
    const roles = assignRoles(given);
    const busiestFree = Math.max(
      ...[...withRole(roles, "scout"), ...withRole(roles, "onlooker")]
        .map((bee) => given.utilization[bee]),
      0,
    );
    for (const bee of withRole(roles, "employed")) {
      assert(given.utilization[bee] >= busiestFree, `${given.utilization}: ${roles}`);
    }
  });
});
