/** From a schema inwards: `Customer.address`, `Customer.tags[]`. */
export type AvroPath = readonly string[];

/** The error about a schema that cannot be used: where, why, and what to do. */
export function schemaFault(path: AvroPath, reason: string, fix: string): TypeError {
  const where = path.length === 0 ? "" : ` at ${path.join(".").slice(0, 200)}`;
  return new TypeError(`Cannot use Avro schema${where}: ${reason}; ${fix}`);
}
