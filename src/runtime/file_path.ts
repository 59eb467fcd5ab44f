import { builtIn } from "./built_in.ts";

/** A path, or that of the URL of a file. */
export function filePath(path: string | URL): string {
  if (!(path instanceof URL)) return path;
  return builtIn("node:url", "read the path in a URL").fileURLToPath(path);
}
