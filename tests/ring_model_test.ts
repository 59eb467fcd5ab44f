import { assertEquals, assertStringIncludes } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";

const MODEL = new URL("models/ring.pml", import.meta.url).pathname;
const PURPOSE = "check the model of the ring buffer";
const MEMORY_LIMIT_MIB = 900;
const MAX_DEPTH = 10_000;

const spin = counterpart({ program: "spin", purpose: PURPOSE });
const gcc = counterpart({ program: "gcc", purpose: PURPOSE });
const tool = gcc.path === undefined ? gcc : spin;

/** Cursors start just before they wrap to 0 or change sign; a capacity of 2 holds one large frame. */
const SPACES: Record<string, string[]> = {
  "over the wrap-around": ["START=14", "FRAMES=4"],
  "over the change of sign, with sleeps that time out": ["START=6", "FRAMES=3", "TIMEOUTS=1"],
  "with frames of half the ring": ["START=30", "CAPACITY=8", "FRAMES=4"],
  "that holds two units": ["START=7", "CAPACITY=2", "FRAMES=5", "TIMEOUTS=1"],
  "that is abandoned at any moment": ["START=14", "FRAMES=3", "ABANDON"],
};

const MUTANTS: Record<string, string> = {
  PUBLISH_EARLY: "assertion violated",
  NOTIFY_EARLY: "invalid end state",
  OFF_BY_ONE: "assertion violated",
  SLEEP_BLINDLY: "invalid end state",
  LISTEN_LATE: "invalid end state",
  KEEP_BACK: "invalid end state",
  CLOSE_QUIETLY: "invalid end state",
};

async function run(program: string, args: string[], cwd: string): Promise<string> {
  const command = new Deno.Command(program, { args, cwd, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}: ${text}`);
  return text;
}

/** Explores every state of the model with some definitions; gives the verifier's report. */
async function verify(definitions: string[]): Promise<string> {
  const cwd = await Deno.makeTempDir({ prefix: "waggle_model_" });
  try {
    await run(spin.path!, ["-a", ...definitions.map((each) => `-D${each}`), MODEL], cwd);
    const switches = ["SAFETY", "COLLAPSE", `MEMLIM=${MEMORY_LIMIT_MIB}`].map((each) =>
      `-D${each}`
    );
    await run(gcc.path!, ["-O2", "-w", ...switches, "-o", "pan", "pan.c"], cwd);
    return await run(`${cwd}/pan`, [`-m${MAX_DEPTH}`], cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

for (const [what, definitions] of Object.entries(SPACES)) {
  Deno.test(tool.test(`the model of a ring ${what} loses, doubles and blocks nothing`, async () => {
    const report = await verify(definitions);
    assertStringIncludes(report, "errors: 0", report);
    for (const cut of ["reached -DMEMLIM", "max search depth too small", "Search not completed"]) {
      assertEquals(report.includes(cut), false, report);
    }
  }));
}

for (const [mutant, error] of Object.entries(MUTANTS)) {
  Deno.test(tool.test(`the model of a ring catches the mutant ${mutant}`, async () => {
    const report = await verify([`MUTANT_${mutant}`, "START=14", "FRAMES=4"]);
    assertStringIncludes(report, error, report);
    assertStringIncludes(report, "errors: 1", report);
  }));
}
