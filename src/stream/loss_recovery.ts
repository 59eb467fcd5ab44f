import type { BeeLoss, Hive } from "../hive/hive.ts";
import type { Outcome } from "../hive/pipeline_frames.ts";
import { noCounts } from "../hive/row_counts.ts";
import type { BlockContent } from "./block_content.ts";
import type { BadInputs } from "./bad_inputs.ts";
import { DeliveryGuarantee } from "./delivery_guarantee.ts";
import type { JobContext, PipelineJob } from "./jobs/pipeline_job.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import { badInput } from "./work_content.ts";
import { giveUp, leaveOut } from "./work_log.ts";

/** Bees that a batch may cost before the record at which they were is given up. */
const MAX_LOSSES = 2;
/** What became of a batch of which nothing is left. */
const NOTHING: Outcome = { counts: noCounts(), bad: [], late: [] };

/** The bees of a run, and what they are there for. */
export interface RunBees {
  readonly hive: Hive;
  readonly job: PipelineJob;
  readonly context: JobContext;
}

/** Has a run go on after the loss of a bee, as its guarantee says. */
export class LossRecovery {
  readonly #bees: RunBees;
  readonly #bad: BadInputs;
  readonly #told: (records: number) => void;
  readonly #workers: number;
  readonly #givesUp: boolean;
  /** What bees were at when one was lost. */
  readonly #retired = new Set<BlockContent>();
  /** Bees that were not heard of since. */
  readonly #silent = new Set<number>();
  #replayedBatches = 0;
  #replayed = 0;

  /** For these bees; guilty records go to `bad`. */
  constructor(
    bees: RunBees,
    { bad, settings, told }: {
      readonly bad: BadInputs;
      readonly settings: PipelineSettings;
      /** Records were found of which nobody knew. */
      readonly told: (records: number) => void;
    },
  ) {
    this.#told = told;
    this.#bees = bees;
    this.#bad = bad;
    this.#workers = settings.workers;
    this.#givesUp = settings.deliveryGuarantee === DeliveryGuarantee.AtMostOnce;
  }

  /** Batches that were sent again. */
  get replayedBatches(): number {
    return this.#replayedBatches;
  }

  /** Rows that were sent again. */
  get replayed(): number {
    return this.#replayed;
  }

  /** A bee was lost, and another is there in its place. */
  lost(bee: number, loss: BeeLoss): void {
    const { hive, job, context: { dispatcher } } = this.#bees;
    this.#retireHeld();
    this.#blame(bee, loss);
    if (this.#givesUp) this.#giveUp(dispatcher.heldBy(bee));
    if (!this.#givesUp || !job.isStateless) return this.#goBack();
    dispatcher.forget(bee);
    hive.post(bee, job.resetMessage(bee, dispatcher.generation));
  }

  /**
   * What a bee is at it goes on with until it hears of the loss, though its work is void. The one
   * that was lost may never hear of it, but of that one nothing is heard either, whatever it reads.
   */
  #retireHeld(): void {
    const { dispatcher, log } = this.#bees.context;
    for (let bee = 0; bee < this.#workers; bee++) {
      this.#silent.add(bee);
      for (const sequence of dispatcher.heldBy(bee)) {
        const block = log.at(sequence)?.block;
        block?.retire();
        if (block) this.#retired.add(block);
      }
    }
  }

  /** A bee was heard of, which so has heard of all losses. */
  heard(bee: number): void {
    if (!this.#silent.delete(bee) || this.#silent.size > 0) return;
    for (const block of this.#retired) block.reinstate();
    this.#retired.clear();
  }

  /** All bees go back together to the last checkpoint, and go on from there. */
  #goBack(): void {
    const { hive, job, context } = this.#bees;
    const { dispatcher, log } = context;
    job.rewind(context);
    for (const { sequence, outcome, content } of log.entries) {
      if (sequence >= log.next) break;
      if (outcome) continue;
      this.#replayedBatches++;
      this.#replayed += content.records;
    }
    dispatcher.restart();
    for (let each = 0; each < this.#workers; each++) {
      hive.post(each, job.resetMessage(each, dispatcher.generation));
    }
  }

  /** What a lost bee had in flight is lost; not so what is only told again to build up a state. */
  #giveUp(held: ReadonlySet<number>): void {
    const { job, context: { log, ledger } } = this.#bees;
    for (const sequence of held) {
      const entry = log.at(sequence);
      if (!entry || entry.isAcknowledged) continue;
      // No bee may ever tell how many there were.
      if (entry.block) this.#told(entry.block.look());
      giveUp(entry);
      if (job.isStateless) ledger.note(log, entry, NOTHING);
    }
  }

  /** A batch that has cost two bees is gone on with without the record at which they were lost. */
  #blame(bee: number, { cursor: { batch, low, high }, cause }: BeeLoss): void {
    const { job, context: { dispatcher, log } } = this.#bees;
    const entry = log.at(batch);
    const isHeld = entry && (dispatcher.heldBy(bee).has(batch) || job.mayHold(bee, entry));
    if (!isHeld || high <= low) return;
    entry.losses++;
    if (entry.losses < MAX_LOSSES || high !== low + 1) return;
    entry.losses = MAX_LOSSES - 1;
    const message = `Cannot process record: ${MAX_LOSSES} bees were lost over it, the last one ` +
      `because: ${cause.message}`;
    this.#bad.report(badInput(entry.content, { row: low, message, name: "LostBeeError" }));
    leaveOut(entry, low);
  }
}
