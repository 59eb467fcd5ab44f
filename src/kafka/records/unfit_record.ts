import { KafkaError, type KafkaErrorOptions } from "../driver/kafka_error.ts";

/** A row that cannot become a record; nothing of its batch was appended. */
export class UnfitRecord extends KafkaError {
  /** The name of the class. */
  override readonly name = "UnfitRecord";
  /** The row in its batch, from 0. */
  readonly row: number;

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: KafkaErrorOptions & { row: number }) {
    super(message, options);
    this.row = options.row;
  }
}
