import { concatBytes } from "../../batch/concat_bytes.ts";
import type { OpenFile, Runtime } from "../../runtime/runtime.ts";
import { badModel } from "./model_sections.ts";

const MOST_FILE_BYTES = 1024 ** 3;
const READ_BYTES = 65_536;

/**
 * The bytes of a model file.
 *
 * @throws {TypeError} when the URL is not one of a file.
 * @throws {ModelFileError} when it is larger than models are.
 */
export async function readModelBytes(path: string | URL, runtime: Runtime): Promise<Uint8Array> {
  if (path instanceof URL && path.protocol !== "file:") {
    throw new TypeError(
      `Cannot load model: a URL must be one of a file, received ${path.protocol}; fetch it, and ` +
        `pass its bytes`,
    );
  }
  const file = await runtime.openFile(path);
  try {
    return await readWhole(file);
  } finally {
    file.close();
  }
}

async function readWhole(file: OpenFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const into = new Uint8Array(READ_BYTES);
  for (let read = await file.read(into); read !== null; read = await file.read(into)) {
    size += read;
    if (size > MOST_FILE_BYTES) badModel(`it has more than ${MOST_FILE_BYTES} bytes`);
    chunks.push(into.slice(0, read));
  }
  return concatBytes(chunks);
}
