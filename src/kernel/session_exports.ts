/** The exports that sessions are made with; see the sources in `assembly/session/`. */
export interface SessionExports {
  sessionsCreate(table: number, gap: number, touch: boolean, alone: boolean): number;
  sessionsFree(sessions: number): void;
  sessionsOpen(sessions: number): number;
  sessionsOldest(sessions: number): number;
  sessionsBytes(sessions: number): number;
  sessionsHold(sessions: number, rows: number, keyBytes: number): number;
  beginSessions(sessions: number): void;
  sessionsLate(sessions: number): number;
  sessionsUntimed(sessions: number): number;
  sessionsOutside(sessions: number): number;
  addSessions(
    sessions: number,
    columns: number,
    keys: number,
    values: number,
    count: number,
    layouts: number,
    pairs: number,
    pairCount: number,
    states: number,
    late: number,
    base: number,
    order: number,
    partition: number,
  ): number;
  closeSessions(sessions: number, watermark: number): number;
  sessionOverflow(sessions: number, at: number): number;
  gatherSessions(sessions: number, from: number, count: number, out: number): void;
  dropSessions(sessions: number): void;
  measureSessions(sessions: number): number;
  measuredSessions(): number;
  beginSessionRecords(sessions: number): void;
  writeSessions(sessions: number, to: number, room: number): number;
  clearSessions(sessions: number): void;
  readSessions(sessions: number, from: number, room: number): number;
}
