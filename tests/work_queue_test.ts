import { assert, assertEquals } from "@std/assert";
import { WorkQueue, type WorkRange } from "../src/hive/work_queue.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { wholeRange } from "./support/sealed.ts";

const BEES = 3;
const GROUPS = 4;

interface Lines {
  normal: WorkRange[];
  priority: WorkRange[];
}

/** The queue's rules in the plainest form. */
class Model {
  readonly lines: Lines[] = Array.from({ length: GROUPS }, () => ({ normal: [], priority: [] }));
  /** What is under way. */
  readonly taken: { range: WorkRange; bee: number }[] = [];

  lineOf({ batch }: WorkRange): WorkRange[] {
    return this.lines[batch.group][batch.priority ? "priority" : "normal"];
  }

  isFree(group: number, bee: number): boolean {
    return this.taken.every(({ range, bee: holder }) =>
      range.batch.group !== group || holder === bee
    );
  }

  heads(bee: number): WorkRange[] {
    return this.lines.flatMap(({ normal, priority }, group) => {
      const head = priority[0] ?? normal[0];
      return head && this.isFree(group, bee) ? [head] : [];
    });
  }

  rows(lines: (each: Lines) => WorkRange[]): number {
    return this.lines.flatMap(lines).reduce((sum, { from, to }) => sum + to - from, 0);
  }
}

/** Ranges as one text, which is compared much faster than they are. */
function shown(ranges: readonly WorkRange[]): string {
  return ranges.map(({ batch, from, to, losses }) => [batch.order, from, to, losses]).join(" ");
}

function enqueue(queue: WorkQueue, model: Model, random: Random, order: number): void {
  const range = wholeRange({
    order,
    rows: 1 + random.below(20),
    group: random.below(GROUPS),
    priority: random.chance(0.3),
  });
  queue.enqueue(range);
  model.lineOf(range).push(range);
}

function take(queue: WorkQueue, model: Model, random: Random): void {
  const bee = random.below(BEES);
  const heads = [...queue.heads(bee)];
  if (heads.length === 0) return;
  const head = random.pick(heads);
  const rows = 1 + random.below(25);
  const taken = queue.take(head, { bee, rows });
  assertEquals([taken.batch, taken.from, taken.losses], [head.batch, head.from, head.losses]);
  assertEquals(taken.to, Math.min(head.to, head.from + rows));
  const line = model.lineOf(head);
  if (taken.to < head.to) line[0] = { ...head, from: taken.to };
  else line.shift();
  model.taken.push({ range: taken, bee });
}

/** Ends something that is under way: done, or the bee was lost over it. */
function end(queue: WorkQueue, model: Model, random: Random): void {
  if (model.taken.length === 0) return;
  // The newest: a lost bee's ranges go back in this order, so that the oldest is the head again.
  const { range } = model.taken.pop()!;
  queue.settle(range);
  if (random.chance(0.6)) return;
  const rest = { ...range, losses: range.losses + 1 };
  queue.putBack(rest);
  model.lineOf(rest).unshift(rest);
}

Deno.test("WorkQueue gives what its rules say, whatever is enqueued, taken, done and put back", () => {
  forSeeds(2_000, (random) => {
    const queue = new WorkQueue(GROUPS, { ordered: true });
    const model = new Model();
    for (let i = 0; i < 60; i++) {
      const act = random.below(3);
      if (act === 0) enqueue(queue, model, random, i);
      else if (act === 1) take(queue, model, random);
      else end(queue, model, random);
      for (let bee = 0; bee < BEES; bee++) {
        assertEquals(shown([...queue.heads(bee)]), shown(model.heads(bee)));
      }
      assertEquals(queue.priorityRows, model.rows(({ priority }) => priority));
      assertEquals(queue.rows, model.rows(({ normal, priority }) => [...priority, ...normal]));
    }
  });
});

Deno.test("WorkQueue gives a group's records to nobody else while a bee has some of it", () => {
  const queue = new WorkQueue(GROUPS, { ordered: true });
  for (const order of [0, 1]) queue.enqueue(wholeRange({ order, rows: 4, group: 2 }));
  const [head] = queue.heads(0);
  const taken = queue.take(head, { bee: 0, rows: 4 });
  assertEquals([queue.isFreeFor(2, 0), queue.isFreeFor(2, 1)], [true, false]);
  assertEquals([[...queue.heads(0)].length, [...queue.heads(1)].length], [1, 0]);
  queue.settle(taken);
  assert(queue.isFreeFor(2, 1));
});

Deno.test("WorkQueue lets several bees have records of a group when no order is kept", () => {
  const queue = new WorkQueue(1, { ordered: false });
  queue.enqueue(wholeRange({ order: 0, rows: 9 }));
  for (const bee of [0, 1, 2]) {
    const [head] = queue.heads(bee);
    assertEquals(queue.take(head, { bee, rows: 3 }).from, 3 * bee);
  }
  assertEquals([...queue.heads(0)], []);
});

Deno.test("WorkQueue makes a range that is put back the head again, priority before the rest", () => {
  const queue = new WorkQueue(1, { ordered: true });
  queue.enqueue(wholeRange({ order: 0, rows: 4 }));
  const [first] = queue.heads(0);
  const taken = queue.take(first, { bee: 0, rows: 2 });
  queue.settle(taken);
  queue.putBack({ ...taken, losses: 1 });
  const [again] = queue.heads(1);
  assertEquals([again.from, again.to, again.losses], [0, 2, 1]);
  queue.enqueue(wholeRange({ order: 1, rows: 1, priority: true }));
  assertEquals([...queue.heads(1)].map(({ batch }) => batch.order), [1]);
});
