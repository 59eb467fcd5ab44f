import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { RecordBatch } from "../mod.ts";
import { KafkaPublisher } from "../src/kafka/kafka.ts";
import { kafka, type SharedKafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
import { kcat, kcatConsume, type KcatRecord } from "./support/kafka/kcat.ts";
import { KeptProcess, waggle } from "./support/kept_process.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const START = Date.UTC(2026, 0, 5);
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

interface Order {
  readonly at: string;
  readonly user: string;
  readonly price: number;
  readonly paid: boolean;
}

/** Orders of six users, of whom each has prices of its own, about ten a second. */
function orders(count: number): Order[] {
  let time = START;
  return Array.from({ length: count }, (_, i) => {
    time += 20 + (i * 7919) % 160;
    const user = (i * i + i * 3) % 21 % 6;
    return {
      at: new Date(time).toISOString(),
      user: `user-${user}`,
      price: 10 * (user + 1) + (i * 31) % 7,
      paid: i % 4 !== 0,
    };
  });
}

async function write(
  bootstrapServers: string,
  topic: string,
  { rows, key, partitions = 4 }: {
    readonly rows: readonly object[];
    readonly key: string;
    readonly partitions?: number;
  },
) {
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers, topic, key, linger: 0 },
    createTopic: { partitions },
  });
  await publisher.publish(RecordBatch.fromRows([...rows]) as RecordBatch);
}

/** Resolves when it is so, or when what would make it so has ended. */
async function until(isSo: () => Promise<boolean>, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  ended.finally(() => void (isOver = true)).catch(() => {});
  while (!isOver && !await isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What is known of orders, with how much it may vary. */
function figures(rows: readonly Order[]) {
  const times = rows.map(({ at }) => Date.parse(at)).sort((a, b) => a - b);
  const spanMs = times.at(-1)! - times[0];
  const users = Map.groupBy(rows, ({ user }) => user);
  return {
    perSecond: (rows.length - 1) * 1000 / spanMs,
    paid: rows.filter(({ paid }) => paid).length / rows.length,
    users: Object.fromEntries(
      [...users].map(([user, own]) => [user, {
        share: own.length / rows.length,
        price: own.reduce((sum, { price }) => sum + price, 0) / own.length,
      }]),
    ),
  };
}

function near(found: number, expected: number, share: number, what: string): void {
  assert(Math.abs(found - expected) <= share * expected, `${what}: ${found} and not ${expected}`);
}

function compare(records: readonly KcatRecord[], real: readonly Order[]): void {
  const rows: Order[] = records.map(({ payload }) => JSON.parse(payload!));
  for (const [at, row] of rows.entries()) {
    assertEquals(Object.keys(row), Object.keys(real[0]));
    assertEquals(records[at].key, row.user);
    assertEquals(records[at].ts, Date.parse(row.at));
    assertEquals(new Date(row.at).toISOString(), row.at);
  }
  const [found, expected] = [figures(rows), figures(real)];
  near(found.perSecond, expected.perSecond, 0.2, "events a second");
  near(found.paid, expected.paid, 0.1, "paid");
  assertEquals(Object.keys(found.users).sort(), Object.keys(expected.users).sort());
  for (const [user, { share, price }] of Object.entries(expected.users)) {
    near(found.users[user].share, share, 0.3, `share of ${user}`);
    near(found.users[user].price, price, 0.1, `price of ${user}`);
  }
}

let shared: SharedKafka | undefined;
const needed = kafka.with(kcat);

Deno.test.beforeAll(async () => {
  if (needed.reason === undefined) shared = await sharedKafka();
});
Deno.test.afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
});

Deno.test(needed.test("two commands give a synthetic twin of a topic, at any speed", async () => {
  const { bootstrap } = shared!;
  const topic = uniqueName("reg-orders");
  const real = orders(1200);
  await write(bootstrap, topic, { rows: real, key: "user" });
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["examples/kafka_twin.sh", bootstrap, topic, "at", "user"],
    cwd: ROOT,
    env: { NO_COLOR: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` },
  }).output();
  const err = new TextDecoder().decode(stderr);
  assertEquals(code, 0, err);
  assertStringIncludes(err, "twin of a stream");
  assertStringIncludes(err, `2,000 records in`);
  const made = await kcatConsume(bootstrap, `${topic}-twin`);
  assertEquals(made.length, 2000);
  compare(made, real);
}));

Deno.test(
  needed.test("waggle fit reads a part of a topic, and columns of what is beside values", async () => {
    const { bootstrap } = shared!;
    const topic = uniqueName("reg-part");
    await write(bootstrap, topic, { rows: orders(500), key: "user" });
    const file = `${folder}/part.waggle`;
    const args = [
      "fit",
      `kafka://${bootstrap}/${topic}`,
      "-o",
      file,
      "--model",
      "independent",
    ];
    const { code, err } = await waggle([
      ...[...args, "--rows", "300", "--metadata", "key=who,partition=p,offset=o,timestamp=t"],
    ]);
    assertEquals(code, 0, err);
    assertStringIncludes(err, "learned from 300 rows");
    for (const column of ["who", "p", "o", "t", "price"]) {
      assertStringIncludes(
        err,
        `\n  ${column} `,
      );
    }
    const later = await waggle([...args, "--force", "--from", "-1h"]);
    assertStringIncludes(later.err, "learned from 500 rows");
    const none = await waggle([...args, "--force", "--from", "2100-01-01T00:00Z"]);
    assertEquals(none.code, 1);
    assertStringIncludes(none.err, "there are no rows");
  }),
);

Deno.test(
  needed.test("waggle window follows a topic until Ctrl-C, and writes to another", async () => {
    const { bootstrap } = shared!;
    const [topic, output] = [uniqueName("reg-in"), uniqueName("reg-out")];
    const real = orders(600);
    await write(bootstrap, topic, { rows: real, key: "user", partitions: 1 });
    const process = new KeptProcess();
    const ended = waggle([
      ...["window", "--kafka", `${bootstrap}/${topic}`, "-t", "at", "-k", "user", "-q"],
      ...["--tumble", "10s", "-a", "count, mean(price) as price"],
      ...["-o", `kafka://${bootstrap}/${output}`, "--create-topic", "--linger", "0"],
    ], process);
    const count = async () => {
      const records = await kcatConsume(bootstrap, output).catch(() => []);
      return records.reduce((sum, { payload }) => sum + JSON.parse(payload!).count, 0);
    };
    await until(async () => await count() >= 500, ended);
    process.interrupt();
    const { code, out, err } = await ended;
    assertEquals([code, out, err], [130, "", ""]);
    const results = await kcatConsume(bootstrap, output);
    assertEquals(await count(), 600, "windows that were open are given too");
    for (const { key, payload } of results) {
      const { windowStart, user, count, price } = JSON.parse(payload!);
      const own = real.filter((order) => {
        const age = Date.parse(order.at) - Date.parse(windowStart);
        return order.user === user && age >= 0 && age < 10_000;
      });
      assertEquals([key, count], [user, own.length]);
      near(price, own.reduce((sum, { price }) => sum + price, 0) / own.length, 1e-9, "price");
    }
  }),
);

Deno.test(
  needed.test("examples/kafka_windows.ts writes windows of a topic to another, and goes on where it ended", async () => {
    const { bootstrap } = shared!;

    const [input, output] = [uniqueName("reg-readings"), uniqueName("reg-minutes")];
    const readings = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        at: START + (from + i) * 1000,
        sensor: `s${(from + i) % 12}`,
        celsius: 20 + (from + i) % 9,
      }));
    await write(bootstrap, input, { rows: readings(0, 400), key: "sensor", partitions: 2 });
    const windows = async () => {
      const records = await kcatConsume(bootstrap, output).catch(() => []);
      return records.map(({ key, payload }) => {
        const { windowStart, readings } = JSON.parse(payload!);
        return `${(windowStart - START) / 60_000} ${key} ${readings}`;
      });
    };
    const run = async (most: number) => {
      await using child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--no-lock", "--allow-read", "--allow-env", "--allow-net"]
          .concat("examples/kafka_windows.ts", input, output),
        cwd: ROOT,
        env: { NO_COLOR: "1", KAFKA_BOOTSTRAP: bootstrap },
        ...{ stdout: "piped", stderr: "piped" },
      }).spawn();
      const told = Promise.all([child.stdout.text(), child.stderr.text()]);
      await until(async () => new Set(await windows()).size >= most, child.status);
      try {
        child.kill("SIGINT");
      } catch {
        // it has ended, and says why below
      }
      const [out, err] = await told;
      assertEquals([(await child.status).code, err], [0, ""]);
      assertStringIncludes(out, "Ended");
    };
    await run(6 * 12);
    await write(bootstrap, input, { rows: readings(400, 800), key: "sensor", partitions: 2 });
    await run(13 * 12);
    const expected = Array.from(
      { length: 13 * 12 },
      (_, i) => `${Math.floor(i / 12)} s${i % 12} 5`,
    );
    // at least once: what was read again is the same
    assertEquals([...new Set(await windows())].sort(), expected.sort());
  }),
);
