/**
 * Drivers that do something wrong on purpose, to see whether tests see it.
 *
 * @module
 */
import type {
  FetchedBlock,
  FetchSource,
  KafkaCluster,
  KafkaDriver,
  PartitionOffset,
  Sink,
} from "../../../src/kafka/driver/driver.ts";

/** An object some of whose members are others. */
export function changed<T extends object>(right: T, changes: Partial<T>): T {
  return new Proxy(right, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return changes[name as keyof T];
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Makes a driver that does something wrong of one that does not. */
export type DriverFlaw = (right: KafkaDriver) => KafkaDriver;

/** A driver whose clusters are others. */
function withClusters(change: (right: KafkaCluster) => Partial<KafkaCluster>) {
  return (driver: KafkaDriver): KafkaDriver =>
    changed(driver, {
      connect: async (...given) => {
        const cluster = await driver.connect(...given);
        return changed(cluster, change(cluster));
      },
    });
}

function withSinks(change: (right: Sink) => Partial<Sink>) {
  return withClusters((cluster) => ({
    sink: async (options) => {
      const sink = await cluster.sink(options);
      return changed(sink, change(sink));
    },
  }));
}

function withSources(change: (right: FetchSource) => Partial<FetchSource>) {
  return withClusters((cluster) => ({
    source: async (options) => {
      const source = await cluster.source(options);
      return changed(source, change(source));
    },
  }));
}

/** Up to where a program has fetched each partition; programs do not share drivers' memory. */
function commitsFetched(driver: KafkaDriver): KafkaDriver {
  const fetched = new Map<string, number>();
  const keyOf = ({ topic, partition }: { topic: string; partition: number }) =>
    `${topic}/${partition}`;
  const ahead = (each: PartitionOffset): PartitionOffset => ({
    ...each,
    offset: Math.max(each.offset, fetched.get(keyOf(each)) ?? 0),
  });
  return withClusters((cluster) => ({
    source: async (options) => {
      const source = await cluster.source(options);
      const fetch: FetchSource["fetch"] = async (how) => {
        const blocks = await source.fetch(how);
        for (const block of blocks) fetched.set(keyOf(block), block.next);
        return blocks;
      };
      return changed(source, { fetch });
    },
    group: (groupId) => {
      const group = cluster.group(groupId);
      return changed(group, {
        commit: (member, offsets) => group.commit(member, offsets.map(ahead)),
      });
    },
  }))(driver);
}

/** Does not give every fifth block that has come: a source that sees the gap reads again. */
export const losesBlocks: DriverFlaw = withSources((source) => {
  let come = 0;
  return { fetch: async (how) => (await source.fetch(how)).filter(() => ++come % 5 !== 0) };
});

/** Flaws that fault schedules have to find, by what is wrong. */
export const DRIVER_FLAWS: Readonly<Record<string, DriverFlaw>> = {
  "commits what was fetched and not settled": commitsFetched,
  "begins behind what is committed": withSources((source) => ({
    assign: (positions) =>
      source.assign(
        positions.map((each) => ({ ...each, offset: each.offset && each.offset + 1 })),
      ),
  })),
  "sends again without a sequence": withClusters((cluster) => ({
    sink: (options) => cluster.sink({ ...options, idempotent: false }),
  })),
  "says that it has appended what it has not": withSinks((sink) => {
    let sent = 0;
    return {
      send: (block, how) =>
        ++sent % 40 === 0 ? Promise.resolve({ baseOffset: -1 }) : sink.send(block, how),
    };
  }),
  "leaves out the records of a block": withSources((source) => {
    let come = 0;
    const emptied = (block: FetchedBlock): FetchedBlock =>
      ++come % 10 === 0 ? { ...block, bytes: block.bytes.subarray(0, 0) } : block;
    return { fetch: async (how) => (await source.fetch(how)).map(emptied) };
  }),
  "does not send again what failed": withClusters((cluster) => ({
    sink: async (options) => {
      const sink = await cluster.sink({ ...options, deliveryTimeoutMs: 1500 });
      return changed(sink, {
        send: (block, how) => sink.send(block, how).catch(() => ({ baseOffset: -1 })),
      });
    },
  })),
};
