import { StreamingError } from "../../hive/streaming_error.ts";

/** Results are full and nobody reads them, so that no more records can be accepted. */
export class ResultsFullError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "ResultsFullError";
}
