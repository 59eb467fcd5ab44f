import { attempt, served } from "./served.ts";

/** The port of all brokers. */
const BROKER_PORT = 9092;

/** The host of a broker. */
export function hostOf(node: number): string {
  return `broker-${node}`;
}

/** Tells of brokers and topics. */
export const serveMetadata = served({
  api: "metadata",
  read: (reader) => ({ topics: reader.list(() => reader.text() ?? "") }),
  about: ({ topics }) => topics.join(","),
  work: ({ topics }, { broker }) => ({
    nodes: broker.nodes,
    topics: topics.map((topic) => ({ topic, ...attempt(() => broker.describe(topic)) })),
  }),
  write: (writer, { topics }, answer, code) => {
    writer.int32(0).list(answer?.nodes ?? [], (node) => {
      writer.int32(node).text(hostOf(node)).int32(BROKER_PORT).text(null);
    }).text("simulated").int32(1);
    const told = answer?.topics ?? topics.map((topic) => ({ topic, code, value: undefined }));
    writer.list(told, ({ topic, code, value = [] }) => {
      writer.int16(code).text(topic).bool(false).list(value, ({ partition, leader, epoch }) => {
        writer.int16(0).int32(partition).int32(leader).int32(epoch);
        for (let lists = 0; lists < 3; lists++) writer.list([], () => {});
      });
    });
  },
});

/** Makes topics. */
export const serveCreateTopics = served({
  api: "createTopics",
  read: (reader) =>
    reader.list(() => {
      const [topic, partitions] = [reader.text() ?? "", reader.int32()];
      reader.int16(); // replicas: there is one
      reader.list(() => reader.int32());
      reader.list(() => [reader.text(), reader.text()]);
      return { topic, ...(partitions > 0 && { partitions }) };
    }),
  about: (topics) => topics.map(({ topic }) => topic).join(","),
  work: (topics, { broker }) => topics.map((each) => attempt(() => broker.createTopic(each)).code),
  write: (writer, topics, answer, code) => {
    writer.int32(0).list(topics.map(({ topic }, i) => ({ topic, i })), ({ topic, i }) => {
      writer.text(topic).int16(answer?.[i] ?? code).text(null);
    });
  },
});

/** Tells who coordinates a group or a transaction: the first broker. */
export const serveFindCoordinator = served({
  api: "findCoordinator",
  read: (reader) => reader.text() ?? "",
  about: (name) => name,
  work: () => 1,
  write: (writer, _, node = -1, code) => {
    writer.int32(0).int16(code).text(null).int32(node);
    writer.text(node < 0 ? "" : hostOf(node)).int32(node < 0 ? -1 : BROKER_PORT);
  },
});
