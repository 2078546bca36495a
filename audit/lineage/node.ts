/** A step of a lineage; what it came from, or what came of it, follows. */
export interface LineageNode {
  kind: string;
  /** Leads to it in `audit show` and `audit lineage`; null where the text says all. */
  id: string | null;
  text: string;
  /** More of it, a line each. */
  details?: string[];
  next: LineageNode[];
}

export const node = (
  kind: string,
  id: string | null,
  text: string,
  next: LineageNode[] = [],
  details: string[] = [],
): LineageNode => ({ kind, id, text, ...(details.length > 0 ? { details } : {}), next });

/** The tree down to some depth; 1 is its root alone. */
export function cut(root: LineageNode, depth: number): LineageNode {
  return { ...root, next: depth <= 1 ? [] : root.next.map((one) => cut(one, depth - 1)) };
}

/** Which episode and turn a lineage ends with; the first where nothing is said. */
export interface Chosen {
  episode?: string | undefined;
  turn?: number | undefined;
}

/** What was chosen is not there. */
export class ChoiceError extends Error {}
