import { builtIn } from "./built_in.ts";

const MARK_DIGITS = 8;

/**
 * A new name beside a file, under which it is written until it is whole: as long for any random
 * number in [0, 1), so that what one name fits, all others do.
 */
export function partPath(path: string, random: number): string {
  const mark = Math.floor(random * 36 ** MARK_DIGITS).toString(36).padStart(MARK_DIGITS, "0");
  return `${path}.${mark}.part`;
}

/** A path or an address without slashes at its end, however many there are. */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return path.slice(0, end);
}

/** A path, or that of the URL of a file. */
export function filePath(path: string | URL): string {
  if (!(path instanceof URL)) return path;
  return builtIn("node:url", "read the path in a URL").fileURLToPath(path);
}
