/** Where `.ci/run`, tests and benches keep what they have fetched. */
function cacheFolder(): string {
  const { HOME = "/root", XDG_CACHE_HOME = `${HOME}/.cache` } = Deno.env.toObject();
  return `${XDG_CACHE_HOME}/waggle`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * A folder that is made once a machine. One process at a time makes it, others wait; it gets its
 * name when it is whole, so that nobody takes one that was left half made.
 */
export async function cachedFolder(
  name: string,
  make: (folder: string) => Promise<void>,
  root: string = cacheFolder(),
): Promise<string> {
  const path = `${root}/${name}`;
  if (await exists(path)) return path;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  using lock = await Deno.open(`${path}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await exists(path)) return path;
  const part = `${path}.part`;
  if (await exists(part)) await Deno.remove(part, { recursive: true });
  await Deno.mkdir(part);
  await make(part);
  await Deno.rename(part, path);
  return path;
}
