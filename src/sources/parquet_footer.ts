import { ParquetError } from "./parquet_error.ts";
import type { RandomAccess } from "./parquet_file.ts";

const MAX_FOOTER_BYTES = 64 * 1024 ** 2;
/** The size of the footer, and what a Parquet file ends with. */
const TAIL_BYTES = 8;
const PLAIN = "PAR1";
const ENCRYPTED = "PARE";

/**
 * The bytes at the end of a file that are its footer, its size included.
 *
 * @throws {ParquetError} when it cannot have one, or one that could be read.
 */
export async function footerBytes(file: RandomAccess, name: string): Promise<number> {
  const { byteLength } = file;
  const tail = await file.slice(Math.max(0, byteLength - TAIL_BYTES));
  const magic = String.fromCharCode(...new Uint8Array(tail).subarray(-4));
  if (byteLength < TAIL_BYTES || (magic !== PLAIN && magic !== ENCRYPTED)) {
    throw new ParquetError(
      `Cannot read ${name}: it does not end with ${PLAIN}, as a Parquet file does; it is another ` +
        `kind of file, or was cut off`,
    );
  }
  if (magic === ENCRYPTED) {
    throw new ParquetError(
      `Cannot read ${name}: it is encrypted; decrypt it with what has written it`,
    );
  }
  const bytes = new DataView(tail).getUint32(0, true);
  if (bytes > Math.min(MAX_FOOTER_BYTES, byteLength - TAIL_BYTES)) {
    throw new ParquetError(`Cannot read ${name}: its footer says that it has ${bytes} bytes`);
  }
  return bytes + TAIL_BYTES;
}
