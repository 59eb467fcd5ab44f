import type {
  FetchedBlock,
  FetchOptions,
  FetchSource,
  PartitionOffset,
  TopicPartition,
} from "../../kafka/driver/driver.ts";
import { KafkaError } from "../../kafka/driver/kafka_error.ts";
import type { FetchedPiece } from "./broker.ts";
import { driverError } from "./broker_answer.ts";
import type { SimulatedClient } from "./client.ts";

interface Position {
  readonly at: TopicPartition;
  offset: number;
  /** Which assignment it comes of. */
  readonly round: number;
}

/** What an answer was asked for with. */
interface Flight {
  readonly answer: Promise<{ pieces?: readonly FetchedPiece[]; error?: unknown; flight: Flight }>;
  readonly positions: readonly Position[];
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A source whose brokers are simulated. */
export class SimulatedFetch implements FetchSource {
  readonly #client: SimulatedClient;
  readonly #options: FetchOptions;
  #positions = new Map<string, Position>();
  #paused = new Set<string>();
  #round = 0;
  /** What each broker was asked. */
  readonly #flights = new Map<number, Flight>();
  readonly #closed = new AbortController();

  /** A source that reads nothing. */
  constructor(client: SimulatedClient, options: FetchOptions) {
    this.#client = client;
    this.#options = options;
  }

  assign(positions: readonly PartitionOffset[]): void {
    const round = ++this.#round;
    this.#positions = new Map(positions.map(({ topic, partition, offset }) => {
      const known = this.#positions.get(keyOf({ topic, partition }));
      const same = known?.offset === offset ? known : undefined;
      return [keyOf({ topic, partition }), same ?? { at: { topic, partition }, offset, round }];
    }));
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#paused = new Set(partitions.map(keyOf));
  }

  async fetch({ signal }: { signal?: AbortSignal } = {}): Promise<readonly FetchedBlock[]> {
    this.#closed.signal.throwIfAborted();
    signal?.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = () => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await this.#next(aborted.promise);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new KafkaError("Cannot fetch: the source is closed"));
    return Promise.resolve();
  }

  /** What comes first; after an abort nothing has landed. */
  async #next(aborted: Promise<never>): Promise<readonly FetchedBlock[]> {
    await Promise.race([this.#takeOff(), aborted]);
    const flights = [...this.#flights.values()].map(({ answer }) => answer);
    if (flights.length === 0) return await Promise.race([this.#nothing(), aborted]);
    const { pieces, error, flight } = await Promise.race([...flights, aborted]);
    for (const [leader, each] of this.#flights) if (each === flight) this.#flights.delete(leader);
    if (error !== undefined) {
      for (const { at } of flight.positions) this.#client.forget(at.topic);
      throw driverError(error, "fetch records");
    }
    return pieces!.flatMap((piece) => this.#landed(piece, flight));
  }

  /** Asks each broker that has not been asked. */
  async #takeOff(): Promise<void> {
    const byLeader = new Map<number, Position[]>();
    for (const [key, position] of [...this.#positions]) {
      if (this.#paused.has(key) || this.#isUnderWay(position)) continue;
      const leader = await this.#client.leaderOf(position.at);
      byLeader.getOrInsertComputed(leader, () => []).push(position);
    }
    for (const [leader, positions] of byLeader) {
      if (!this.#flights.has(leader)) this.#flights.set(leader, this.#ask(leader, positions));
    }
  }

  #isUnderWay(position: Position): boolean {
    return [...this.#flights.values()].some(({ positions }) => positions.includes(position));
  }

  #ask(leader: number, positions: readonly Position[]): Flight {
    const asked = positions.map(({ at, offset }) => ({ ...at, offset }));
    const answer = this.#client.once({
      api: "fetch",
      about: String(leader),
      doing: "fetch records",
      timeoutMs: this.#options.maxWaitMs + this.#options.requestTimeoutMs,
      signal: this.#closed.signal,
      work: (broker) => broker.fetch(asked, leader, this.#options),
    });
    const flight: Flight = {
      positions,
      answer: answer.then((pieces) => ({ pieces, flight }), (error) => ({ error, flight })),
    };
    return flight;
  }

  /** Nothing is read: an empty answer, after as long as a broker would take for it. */
  #nothing(): Promise<readonly FetchedBlock[]> {
    const { promise, resolve } = Promise.withResolvers<readonly FetchedBlock[]>();
    this.#client.runtime.after(this.#options.maxWaitMs, () => resolve([]), { background: true });
    return promise;
  }

  /** What was assigned anew meanwhile, or is paused by now, is dropped. */
  #landed(piece: FetchedPiece, { positions }: Flight): FetchedBlock[] {
    const key = keyOf(piece);
    const position = this.#positions.get(key);
    if (!position || !positions.includes(position) || this.#paused.has(key)) return [];
    position.offset = piece.next;
    return [piece];
  }
}
