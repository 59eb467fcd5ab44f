import type { SourceMetrics, SourceProgress } from "../../stream/source.ts";
import type { KafkaReading } from "./kafka_reading.ts";
import { keyOf } from "./partition_state.ts";
import type { RecordGiver } from "./record_giver.ts";

/** How far a reading has come, whenever it is looked at. */
export class KafkaProgress implements SourceProgress {
  readonly #reading: KafkaReading;
  readonly #giver: RecordGiver;

  /** Of a reading, and what has become of what it has read. */
  constructor(reading: KafkaReading, giver: RecordGiver) {
    this.#reading = reading;
    this.#giver = giver;
  }

  get bytes(): number {
    return this.#reading.bytes;
  }

  get metrics(): SourceMetrics {
    const { states, waitingBytes, reconnects, resets } = this.#reading;
    const partitions = states.filter(({ isGone }) => !isGone).map((state) => {
      const { taken: position, known, lag } = state;
      return { name: keyOf(state), position, end: known, lag };
    });
    const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
    const { tombstones } = this.#giver;
    return { lag, partitions, waitingBytes, reconnects, resets, tombstones };
  }
}
