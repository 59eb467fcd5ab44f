const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * A function of a shell that runs `waggle` of this package. Deno's caches are left alone, which are
 * larger than files may be in some tests, and Deno does not tell of the packages that it fetches on a
 * new machine.
 */
export function waggleCommand(): string {
  const run = `"${Deno.execPath()}" run --quiet --no-code-cache --no-check --no-lock --allow-all`;
  return `waggle() { ${run} -c "${ROOT}deno.json" "${ROOT}src/cli/cli.ts" "$@"; }`;
}
