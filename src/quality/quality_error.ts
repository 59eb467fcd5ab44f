/** Rows that cannot be compared: none, or with columns that do not fit each other. */
export class QualityError extends TypeError {
  /** The name of the class. */
  override readonly name = "QualityError";
}
