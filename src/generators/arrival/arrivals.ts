/** A rate that goes through slots of equal length, again and again or once. */
export interface RateCurve {
  /** The length of all slots together, ms. */
  readonly period: number;
  /** A time at which the first slot begins, ms since 1970; of no account where they come once. */
  readonly offset: number;
  /** Events expected in each ms of each slot. */
  readonly rates: Float64Array;
  /** Whether slots come once, from the first event on; then the last lasts. Default `false`. */
  readonly once?: boolean;
}

/** Levels that a rate goes through in turns; how long each lasts is drawn from an exponential. */
export interface RateLevels {
  /** By how much the rate is multiplied in each. */
  readonly factors: Float64Array;
  /** How long each lasts in the mean, ms. */
  readonly lengths: Float64Array;
}

/**
 * How far events are apart, measured in events that the rate lets expect in between; 1 in the mean.
 * `even`: always 1. `gamma`: independent, of a gamma distribution; of shape 1 they are exponential,
 * and events so a Poisson process. `chain`: of a hidden Markov chain of `states`, whose row-wise
 * `transitions` and `weights` of bins sum to 1; in bin b uniform from `low[b]` to `high[b]`.
 */
export type GapModel =
  | { readonly kind: "even" }
  | { readonly kind: "gamma"; readonly shape: number }
  | {
    readonly kind: "chain";
    readonly states: number;
    readonly transitions: Float64Array;
    readonly weights: Float64Array;
    readonly low: Float64Array;
    readonly high: Float64Array;
  };

/** At what rate events come: made by `constant`, `poisson`, `diurnal`, `bursts`, `sine`, `square`, `ramp` or `varying`, or learned. */
export interface RateModel {
  /** What is expected at each time. */
  readonly curve: RateCurve;
  /** What multiplies that. */
  readonly levels?: RateLevels;
  /** What there is between two events. */
  readonly gaps: GapModel;
}

/** How records come to arrive out of order: independently of each other, some are delayed. */
export interface DisorderModel {
  /** Which share is delayed. */
  readonly share: number;
  /** Between which delays the bins of their distribution are, ms, ascending. */
  readonly edges: Float64Array;
  /** How likely each bin is; within it delays are uniform. */
  readonly weights: Float64Array;
}

/** How the records of a stream arrive. */
export interface Arrivals {
  readonly rate: RateModel;
  readonly disorder: DisorderModel;
  /** What event times are multiples of, ms, and by how much these are shifted. */
  readonly grid: { readonly step: number; readonly offset: number };
  /** The time of the first event where nothing else is asked for, ms since 1970. */
  readonly start: number;
}

/** Everything in order. */
export const NO_DISORDER: DisorderModel = {
  share: 0,
  edges: Float64Array.of(0, 1),
  weights: Float64Array.of(1),
};
