import { StreamingError } from "../hive/streaming_error.ts";

/** A Parquet file is damaged, or holds what is not read. */
export class ParquetError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "ParquetError";
}

/** Does something with a part of a file; what fails says which part it was. */
export async function tried<T>(
  name: string,
  where: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StreamingError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ParquetError(`Cannot read ${name}: ${where}: ${reason}`, { cause });
  }
}
