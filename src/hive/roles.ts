/** What a bee is there for at the moment. */
export type Role = "employed" | "onlooker" | "scout";

/** What decides the roles. */
export interface Load {
  readonly bees: number;
  /** Rows that wait, of all kinds. */
  readonly waitingRows: number;
  /** Rows that wait and are of high priority or known to be slow. */
  readonly urgentRows: number;
  /** Sources that were added and not looked at yet. */
  readonly newSources: number;
  /** Each bee's utilization, 0 to 1. */
  readonly utilization: readonly number[];
}

const ALL_ROLES: readonly Role[] = ["employed", "onlooker", "scout"];

/**
 * Who does what: employed bees process, onlookers take what is urgent or slow, scouts stand by for
 * new sources. The least busy bees scout, the next watch; at least one is always employed.
 *
 * One bee alone does all three.
 */
export function assignRoles(load: Load): (readonly Role[])[] {
  if (load.bees === 1) return [ALL_ROLES];
  const roles: (readonly Role[])[] = Array.from({ length: load.bees }, () => ["employed"]);
  const idlest = [...load.utilization.keys()].sort((a, b) =>
    load.utilization[a] - load.utilization[b] || b - a
  );
  let spare = load.bees - 1;
  let at = 0;
  const give = (count: number, role: Role) => {
    for (let i = 0; i < count && spare > 0; i++, spare--) roles[idlest[at++]] = [role];
  };
  const share = load.waitingRows > 0 ? load.urgentRows / load.waitingRows : 0;
  const onlookers = load.urgentRows > 0 ? Math.max(1, Math.round(share * (load.bees - 1))) : 0;
  if (load.newSources > 0 || load.waitingRows === 0) give(1, "scout");
  give(onlookers, "onlooker");
  return roles;
}
