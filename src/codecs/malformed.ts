/** A record that is malformed: turned into a `BadRecordError` that says where. */
export class Malformed extends Error {
  override readonly name = "Malformed";
  /** What to do about it. */
  readonly fix: string;

  /** A reason and a fix. */
  constructor(reason: string, fix: string, options?: ErrorOptions) {
    super(reason, options);
    this.fix = fix;
  }
}
