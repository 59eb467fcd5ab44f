import { digest } from "../../runtime/digest.ts";
import { avroCanonicalForm } from "./avro_canonical_form.ts";
import { schemaOf } from "./avro_encoder.ts";
import type { AvroSchema } from "./avro_type.ts";

/** How a schema is fingerprinted. */
export type AvroFingerprintAlgorithm = "CRC-64-AVRO" | "MD5" | "SHA-256";

/** The fingerprint of no bytes (Avro 1.12, "Schema fingerprints"). */
const EMPTY = 0xc15d213aa4d7a795n;
const BYTES = 8;

let table: BigUint64Array | undefined;

function makeTable(): BigUint64Array {
  return BigUint64Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value >> 1n ^ (value & 1n ? EMPTY : 0n);
    return value;
  });
}

/** The CRC-64-AVRO of bytes: the Rabin fingerprint of the specification. */
function crc64Avro(bytes: Uint8Array): bigint {
  table ??= makeTable();
  let value = EMPTY;
  for (const byte of bytes) value = value >> 8n ^ table[Number(value & 0xffn) ^ byte];
  return value;
}

/**
 * The fingerprint of a schema's Parsing Canonical Form: schemas that read alike have the same.
 *
 * @param algorithm Default `"CRC-64-AVRO"`: 8 bytes, the lowest first, as they stand in messages.
 * @throws {TypeError} when the schema or the algorithm is none that it can be.
 *
 * @example
 * ```ts
 * import { avroFingerprint } from "@waggle/stream";
 *
 * console.log(avroFingerprint("int").toHex()); // 8f5c393f1ad57572
 * ```
 */
export function avroFingerprint(
  schema: AvroSchema | string | object,
  algorithm: AvroFingerprintAlgorithm = "CRC-64-AVRO",
): Uint8Array {
  const bytes = new TextEncoder().encode(avroCanonicalForm(schemaOf(schema).type));
  if (algorithm === "MD5" || algorithm === "SHA-256") return digest(algorithm, bytes);
  if (algorithm !== "CRC-64-AVRO") {
    throw new TypeError(
      `Cannot fingerprint schema: the algorithm must be "CRC-64-AVRO", "MD5" or "SHA-256", ` +
        `received ${JSON.stringify(algorithm)}`,
    );
  }
  const fingerprint = new Uint8Array(BYTES);
  new DataView(fingerprint.buffer).setBigUint64(0, crc64Avro(bytes), true);
  return fingerprint;
}
