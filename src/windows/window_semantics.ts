/** Where engines differ about windows: one switch each. The defaults are Flink's. */
export interface WindowSemantics {
  /**
   * Whether rows exactly a gap apart are of one session, as in Flink and Kafka Streams; in Beam
   * they are of two. Default true.
   */
  readonly sessionsTouch: boolean;
  /**
   * Whether a row is late for sessions when none that it joins, itself included, is kept
   * (`"joined"`), as in Flink and Kafka Streams, or as soon as the one that it would make alone is
   * not (`"alone"`), as in Beam. Default `"joined"`.
   */
  readonly sessionLateBy: "joined" | "alone";
  /**
   * The end that results give a session: a gap after its last row, as in Flink and Beam, or the
   * time of its last row, as in Kafka Streams. When it closes is the same. Default `"gap"`.
   */
  readonly sessionEnd: "gap" | "last";
  /**
   * Whether windows may start before 1970, as in Flink and Beam; in Kafka Streams there are none,
   * and trailing windows start at 0 then. Default true.
   */
  readonly negativeStarts: boolean;
  /**
   * Whether a window closes when the watermark has reached its end, as in Flink and Beam, or 1 ms
   * after that, as sessions in Kafka Streams do by stream time. Default `"reached"`.
   */
  readonly closing: "reached" | "passed";
  /**
   * Whether a discarding trigger gives a pane without rows at the end of a window of which earlier
   * panes have had all rows, as Beam does; in Flink there is none. Default false.
   */
  readonly emptyOnTime: boolean;
}

/** The semantics of Flink, which are the default. */
export const FLINK_SEMANTICS: WindowSemantics = {
  sessionsTouch: true,
  sessionLateBy: "joined",
  sessionEnd: "gap",
  negativeStarts: true,
  closing: "reached",
  emptyOnTime: false,
};
