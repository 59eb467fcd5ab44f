import { fileURLToPath } from "node:url";

/** A path, or that of the URL of a file. */
export function filePath(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}
