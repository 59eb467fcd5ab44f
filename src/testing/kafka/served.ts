import type { WireReader } from "../../kafka/driver/wire/wire_reader.ts";
import type { WireWriter } from "../../kafka/driver/wire/wire_writer.ts";
import { errorCode } from "../../kafka/driver/wire/error_codes.ts";
import type { SimulatedBroker } from "./broker.ts";
import { BrokerRefusal } from "./broker_refusal.ts";
import type { SimulatedApi } from "./faults.ts";

/** Who asks, and which of the brokers. */
export interface Asker {
  readonly broker: SimulatedBroker;
  readonly node: number;
  readonly clientId: string;
}

/** A kind of request, as a broker understands it: the other side of what `driver/wire` writes. */
export interface Served<Request, Answer> {
  readonly api: SimulatedApi;
  /** Reads what stands behind the request's header. */
  read(reader: WireReader): Request;
  about(request: Request): string;
  /** @throws {BrokerRefusal} when it is not done at all. */
  work(request: Request, asker: Asker): Answer | Promise<Answer>;
  /** Writes what came of it; the answer is absent when the code is not 0. */
  write(writer: WireWriter, request: Request, answer: Answer | undefined, code: number): void;
}

/** Writes an answer. */
export type Reply = (writer: WireWriter) => void;

/** A request that has come. */
export interface Exchange {
  readonly api: SimulatedApi;
  readonly about: string;
  /** Does it. */
  work(asker: Asker): Promise<Reply>;
  /** An answer with an error. */
  refuse(name: string): Reply;
}

/** The number of an error, which is there unless a test has made up its name. */
export function codeOf(name: string): number {
  const code = errorCode(name);
  if (code !== undefined) return code;
  throw new RangeError(`Cannot answer with ${name}: Kafka has no error of that name`);
}

/** What reads requests of a kind. */
export function served<Request, Answer>(
  kind: Served<Request, Answer>,
): (reader: WireReader) => Exchange {
  return (reader) => {
    const request = kind.read(reader);
    const refuse = (name: string): Reply => (writer) =>
      kind.write(writer, request, undefined, codeOf(name));
    return {
      api: kind.api,
      about: kind.about(request),
      refuse,
      async work(asker) {
        try {
          const answer = await kind.work(request, asker);
          return (writer) => kind.write(writer, request, answer, 0);
        } catch (error) {
          if (error instanceof BrokerRefusal) return refuse(error.code);
          throw error;
        }
      },
    };
  };
}

/** What comes of a part of a request. */
export function attempt<T>(work: () => T): { readonly code: number; readonly value?: T } {
  try {
    return { code: 0, value: work() };
  } catch (error) {
    if (error instanceof BrokerRefusal) return { code: codeOf(error.code) };
    throw error;
  }
}

/** Partitions as one text. */
export function spell(partitions: readonly { topic: string; partition: number }[]): string {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(",");
}
