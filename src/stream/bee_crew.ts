import type { IntakeSpec } from "../hive/block_intake.ts";
import { Hive } from "../hive/hive.ts";
import {
  messageBody,
  MessageKind,
  readMessageHeader,
  readOutcome,
} from "../hive/pipeline_frames.ts";
import { keepCompiled } from "../kernel/kernel.ts";
import type { BadInputs } from "./bad_inputs.ts";
import type { BatchFeed } from "./batch_feed.ts";
import { Dispatcher } from "./dispatcher.ts";
import { fatalError } from "./fatal_error.ts";
import { LearningJob } from "./jobs/learning_job.ts";
import { OrderedJob } from "./jobs/ordered_job.ts";
import type { BeeAnswer, JobContext, PipelineJob } from "./jobs/pipeline_job.ts";
import { TransformJob } from "./jobs/transform_job.ts";
import { WindowJob } from "./jobs/window_job.ts";
import type { Ledger } from "./ledger.ts";
import { LossRecovery, type RunBees } from "./loss_recovery.ts";
import type { BeeWork } from "./pipeline_metrics.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { ResolvedPlan } from "./pipeline_plan.ts";
import type { WorkLog } from "./work_log.ts";

/** How long nothing need be heard of what is open, ms. */
const MOST_OLDEST_MS = 100;

/** What a {@linkcode BeeCrew} works with: the parts of its run. */
export interface CrewOptions {
  /** Its columns are known. */
  readonly feed: BatchFeed;
  readonly log: WorkLog;
  readonly ledger: Ledger;
  readonly bad: BadInputs;
  readonly settings: PipelineSettings;
  /** Takes what each bee has done. */
  readonly work: readonly BeeWork[];
  /** Whether results leave batch by batch. */
  readonly stepwise: boolean;
  /** Whether somebody wants to know which rows are settled. */
  readonly settles: boolean;
  /** Answers a bee: what fails in that fails the run, and not whoever carried the answer. */
  readonly guarded: (answer: () => void) => void;
  /** The hive cannot go on. */
  readonly failed: (error: Error) => void;
}

/** The bees of a run: gives them their job, hears their answers, and goes on when one is lost. */
export class BeeCrew implements RunBees {
  readonly hive: Hive;
  readonly job: PipelineJob;
  readonly context: JobContext;
  /** What was done again because bees were lost. */
  readonly recovery: LossRecovery;
  readonly #options: CrewOptions;

  /** Bees that are born by {@linkcode BeeCrew.start}. */
  constructor(options: CrewOptions) {
    const { feed, log, ledger, bad, settings, guarded, failed } = options;
    const { workers, runtime, ringBytes, recordTimeoutMs, maxLostBees } = settings;
    this.#options = options;
    keepCompiled();
    const job = this.job = this.#jobOf(feed.resolved!);
    const hive = this.hive = new Hive({
      workers,
      runtime,
      task: job.task,
      ringBytes,
      exchangeBytes: job.exchanges ? ringBytes : 0,
      recordTimeoutMs,
      maxLostBees,
      events: {
        frame: (bee, frame) => guarded(() => this.#heard(bee, frame)),
        lost: (bee, loss) => guarded(() => this.recovery.lost(bee, loss)),
        failed,
      },
    });
    const { history, intake } = feed.blocks ?? {};
    const blocks = history && { history, bound: intake!.bound };
    this.context = {
      log,
      ledger,
      dispatcher: new Dispatcher(hive, log, { bees: workers, blocks }),
    };
    const told = (records: number) => feed.told(records);
    this.recovery = new LossRecovery(this, { bad, settings, told });
  }

  #jobOf(plan: ResolvedPlan): PipelineJob {
    const { feed, settings, stepwise, settles, work } = this.#options;
    const job = jobOf(plan, settings, { stepwise, settles, intake: feed.blocks?.intake });
    if (plan.resultSchema) return job;
    return new LearningJob(job, {
      learned: (columns) => feed.learned(columns),
      tell: (messageOf) => work.forEach((_, bee) => this.hive.post(bee, messageOf(bee))),
    });
  }

  /** Resolves when all bees are ready. */
  start(): Promise<void> {
    return this.hive.start();
  }

  #heard(bee: number, frame: Uint8Array): void {
    const { job, context } = this;
    const header = readMessageHeader(frame);
    const body = messageBody(frame);
    if (header.kind === MessageKind.fatal) throw fatalError(body);
    if (header.generation !== context.dispatcher.generation) return;
    this.recovery.heard(bee);
    const answer = { bee, header, body };
    if (header.kind === MessageKind.outcome) this.#settle(answer);
    else job.message(context, answer);
  }

  #settle({ bee, header, body }: BeeAnswer): void {
    const { sequence } = header;
    const { feed, log, work } = this.#options;
    this.context.dispatcher.settled(bee, sequence);
    const entry = log.at(sequence);
    if (!entry) return;
    const outcome = readOutcome(body);
    if (entry.block && outcome.block) feed.told(entry.block.tell(outcome.block));
    work[bee].batches++;
    work[bee].rows += entry.content.records;
    this.job.outcome(this.context, entry, outcome);
  }
}

function jobOf(
  plan: ResolvedPlan,
  settings: PipelineSettings,
  { stepwise, settles, intake }: {
    readonly stepwise: boolean;
    readonly settles: boolean;
    readonly intake: IntakeSpec | undefined;
  },
): PipelineJob {
  if (plan.ordered) {
    const oldestMs = settles ? Math.min(MOST_OLDEST_MS, settings.settleIntervalMs) : undefined;
    return new OrderedJob(plan, settings, { stepwise, oldestMs });
  }
  return plan.window
    ? new WindowJob(plan, settings, { intake })
    : new TransformJob(plan, settings, { intake });
}
