/** Rows as symbols: what models are learned from. */
export interface SymbolRows {
  /** The symbols of each variable. */
  readonly columns: readonly Uint8Array[];
  /** How many symbols each variable has. */
  readonly symbols: readonly number[];
  /** How many rows there are. */
  readonly length: number;
}
