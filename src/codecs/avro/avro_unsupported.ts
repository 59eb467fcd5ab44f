import { type AvroType, avroTypeName } from "./avro_type.ts";

/** An Avro type that there are no columns for; `@waggle/stream/avro` takes it all the same. */
export class UnsupportedAvroError extends TypeError {
  /** `"UnsupportedAvroError"`. */
  override readonly name: string = "UnsupportedAvroError";

  /** An error about the field at a path. */
  constructor(path: string, type: AvroType, why: string) {
    super(
      `Cannot read or write Avro field ${JSON.stringify(path)} as a column: ${
        avroTypeName(type).slice(0, 100)
      }, ${why}; leave the field out, or import "@waggle/stream/avro", which takes every type`,
    );
  }
}
