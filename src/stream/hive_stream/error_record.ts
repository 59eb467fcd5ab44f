const ERROR_RECORDS = new WeakSet<object>();

/** What comes in place of a result when the function threw. */
export interface ErrorRecord<In = unknown> {
  /** Always false. */
  readonly success: false;
  /** What was thrown: its name and message. */
  readonly error: { readonly name: string; readonly message: string };
  /** The key that the record was submitted with. */
  readonly key: string;
  /** The record as it was submitted. */
  readonly record: In;
}

/** Makes an error record, which {@linkcode isErrorRecord} knows from a result of the same form. */
export function errorRecord<In>(
  error: { name: string; message: string },
  origin: { key: string; record: In },
): ErrorRecord<In> {
  const { name, message } = error;
  const made: ErrorRecord<In> = { success: false, error: { name, message }, ...origin };
  ERROR_RECORDS.add(made);
  return made;
}

/** Whether a result is an error record of the stream, and not one that the function returned. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  return typeof value === "object" && value !== null && ERROR_RECORDS.has(value);
}
