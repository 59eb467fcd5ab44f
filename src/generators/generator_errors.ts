import { StreamingError } from "../hive/streaming_error.ts";

/** Rows cannot be learned from. */
export class TrainingDataError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "TrainingDataError";
}

/** Bytes are not a model file that this version reads. */
export class ModelFileError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "ModelFileError";
}
