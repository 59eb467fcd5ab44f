/** What is wrong with an Avro file, before it is known which one it is. */
export interface AvroFileFault {
  /** What is wrong. */
  readonly reason: string;
  /** At which byte of the file. */
  readonly offset: number;
  /** What to do about it. */
  readonly fix: string;
}

/** What to do about a file that changed on the way. */
export const COPY_AGAIN = "the file is damaged: copy or write it again";
/** What to do about a file that ends too early. */
export const CUT_SHORT = "the file was cut short: copy or write it again";

/** A fault that nothing can be done about here. */
export class AvroFileFaultError extends Error {
  override readonly name = "AvroFileFaultError";
  /** What is wrong. */
  readonly fault: AvroFileFault;

  /** A fault, thrown. */
  constructor(fault: AvroFileFault, options?: ErrorOptions) {
    super(fault.reason, options);
    this.fault = fault;
  }
}
