import { builtIn } from "./built_in.ts";

/** The digest of bytes by an algorithm. */
export function digest(algorithm: "MD5" | "SHA-1" | "SHA-256", bytes: Uint8Array): Uint8Array {
  const { createHash } = builtIn("node:crypto", `compute ${algorithm}`);
  return new Uint8Array(
    createHash(algorithm.replace("-", "").toLowerCase()).update(bytes).digest(),
  );
}
