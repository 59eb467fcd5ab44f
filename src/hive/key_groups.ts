const KEY_GROUPS = 256;

/** Which bee owns each of the 256 key groups: ranges of equal size. */
export function keyGroupOwners(workers: number): Uint8Array {
  return Uint8Array.from(
    { length: KEY_GROUPS },
    (_, group) => Math.floor(group * workers / KEY_GROUPS),
  );
}
