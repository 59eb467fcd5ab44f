import type { JoinRequest } from "../../kafka/driver/driver.ts";

/** The ways to share partitions that a member knows, the best first. */
export type Protocols = JoinRequest["protocols"];

interface Voter {
  readonly protocols: Protocols;
}

/** Whether a member says the same of itself as before. */
export function samePart(a: Protocols, b: Protocols): boolean {
  return a.length === b.length &&
    a.every(({ name, metadata }, i) =>
      name === b[i].name && metadata.length === b[i].metadata.length &&
      metadata.every((byte, at) => byte === b[i].metadata[at])
    );
}

/** Whether all others know one of them. */
export function hasCommon(protocols: Protocols, others: readonly Voter[]): boolean {
  return protocols.some(({ name }) =>
    others.every((member) => member.protocols.some((each) => each.name === name))
  );
}

/** Each member votes for the first of its protocols that all know. */
export function electProtocol(members: readonly Voter[]): string {
  const common = members[0].protocols.map(({ name }) => name).filter((name) =>
    members.every(({ protocols }) => protocols.some((each) => each.name === name))
  );
  const votes = new Map(common.map((name) => [name, 0]));
  for (const { protocols } of members) {
    const { name } = protocols.find((each) => votes.has(each.name))!;
    votes.set(name, votes.get(name)! + 1);
  }
  const [[winner]] = [...votes].sort(([, a], [, b]) => b - a);
  return winner;
}
