import { assert, assertEquals } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";
import { waggle } from "./support/kept_process.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
for (const shell of ["bash", "zsh", "fish"]) {
  const { code, out } = await waggle(["completions", shell]);
  assertEquals(code, 0);
  Deno.writeTextFileSync(`${folder}/${shell}.complete`, out);
}
for (const name of ["a b.waggle", "weather.csv", "$(touch pwned).csv"]) {
  Deno.writeTextFileSync(`${folder}/${name}`, "");
}
Deno.mkdirSync(`${folder}/sub`);

async function output(path: string, args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(path, {
    args,
    cwd: folder,
    env: { TERM: "dumb", HOME: folder },
  }).output();
  const told = new TextDecoder().decode(stderr);
  assertEquals(told, "", told);
  return new TextDecoder().decode(stdout);
}

/** What is typed so far, and what is offered: all of it, or whether some stand among it. */
const CASES: [typed: string, offered: string[], isAll: boolean][] = [
  ["waggle st", ["stream"], true],
  ["waggle ", ["fit", "sample", "stream", "report", "window", "inspect", "completions"], false],
  ["waggle stream --max-r", ["--max-records", "--max-retries"], true],
  ["waggle stream x --on-buffer-full ", ["block", "drop", "error"], true],
  ["waggle window x --format p", ["parquet"], true],
  ["waggle fit w", ["weather.csv"], true],
  ["waggle fit x -o a", ["a b.waggle"], true],
  ["waggle completions ", ["bash", "zsh", "fish"], true],
  ["waggle fit x --model c", ["circuit", "copula"], true],
];

const bash = counterpart({ program: "bash", purpose: "complete commands" });
const zsh = counterpart({ program: "zsh", purpose: "complete commands" });
const fish = counterpart({ program: "fish", purpose: "complete commands" });

function check(typed: string, got: string[], [, offered, isAll]: typeof CASES[number]): void {
  const lines = got.map((line) => line.trim()).filter((line) => line !== "").sort();
  if (isAll) return assertEquals(lines, offered.toSorted(), typed);
  for (const each of offered) assert(lines.includes(each), `${typed}: ${lines}`);
}

Deno.test(bash.test("bash completes commands, flags, their values and files", async (path) => {
  const script = `source bash.complete
    offered() {
      read -ra COMP_WORDS <<< "$1"; [[ "$1" == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _waggle; printf '%s\\n' "\${COMPREPLY[@]}"
    }
    while IFS= read -r typed; do offered "$typed"; echo ---; done <<< "$1"`;
  const typed = [...CASES.map(([typed]) => typed), "waggle fit $(touch pw"];
  const got = (await output(path, ["-c", script, "bash", typed.join("\n")])).split("---\n");
  CASES.forEach((each, at) => check(each[0], got[at].split("\n"), each));
  assertEquals(Array.from(Deno.readDirSync(folder)).some(({ name }) => name === "pwned"), false);
}));

/** What a shell at a terminal calls `waggle` with, when keys are typed, of which \t completes. */
async function called(shell: string, setup: string, keys: readonly string[]): Promise<string[]> {
  const calls = await Deno.makeTempFile();
  const lines = [setup, `waggle() { (IFS='|'; echo "$*" >> ${calls}); }`, ...keys, "exit", ""];
  const child = new Deno.Command("script", {
    args: ["-qec", shell, "/dev/null"],
    cwd: folder,
    env: { TERM: "dumb", HOME: folder },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n")));
  const { stdout } = await child.output();
  await writer.close().catch(() => {});
  const made = Deno.readTextFileSync(calls).trimEnd().split("\n");
  await Deno.remove(calls);
  assert(made.length > 1, new TextDecoder().decode(stdout));
  return made;
}

/** What is typed at a terminal, and what is called then. */
const TYPED: readonly (readonly [keys: string, call: string])[] = [
  ["waggle st\t x --adap\t", "stream|x|--adaptive"],
  ["waggle fit w\t -o a\t --model t\t", "fit|weather.csv|-o|a b.waggle|--model|trees"],
  ["waggle stream x --on-buffer-full d\t --drop\t", "stream|x|--on-buffer-full|drop|--drop-oldest"],
  ["waggle compl\t z\t", "completions|zsh"],
  ["waggle rep\t wea\t --js\t", "report|weather.csv|--json"],
];

const SHELLS = [
  { shell: bash, start: "--norc --noprofile -i", setup: "source bash.complete" },
  {
    shell: zsh,
    start: "-f -i",
    setup: "autoload -Uz compinit; compinit -u -D; source zsh.complete",
  },
];
for (const { shell, start, setup } of SHELLS) {
  const name = start.includes("norc") ? "bash" : "zsh";
  Deno.test(
    shell.test(`${name} at a terminal completes what is typed up to a TAB`, async (path) => {
      const calls = await called(`${path} ${start}`, setup, TYPED.map(([keys]) => keys));
      assertEquals(calls, TYPED.map(([, call]) => call));
    }),
  );
}

Deno.test(fish.test("fish completes commands, flags, their values and files", async (path) => {
  for (const each of CASES) {
    const script = `source fish.complete; complete -C ${JSON.stringify(each[0])}`;
    const got = (await output(path, ["--no-config", "-c", script])).split("\n");
    check(each[0], got.map((line) => line.split("\t")[0].replace(/^'(.*)'$/, "$1")), each);
  }
}));
