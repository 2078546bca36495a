import { SKELETON } from './skeleton';
import { isMapping, type Path, type SpecIssue, startsWith, valueAt } from './specIssue';

/** A copy of a campaign's data in which mistakes are put right one after the other. */
export class Draft {
  data: unknown;
  /** Parts that are not the author's any more. */
  readonly replaced: Path[] = [];
  private readonly renamed: { path: Path; original: string }[] = [];

  constructor(data: unknown) {
    this.data = copyOf(data);
  }

  /** The path as the author spelt it. */
  originalPath(path: Path): Path {
    return this.renamed.reduceRight<Path>(
      (spelt, { path: renamed, original }) =>
        startsWith(path, renamed)
          ? [...spelt.slice(0, renamed.length - 1), original, ...spelt.slice(renamed.length)]
          : spelt,
      path,
    );
  }

  repair({ path, suggestion, unknownKey, brokenRule, undecided }: SpecIssue): void {
    if (unknownKey) this.repairKey(path, suggestion);
    else if (suggestion !== undefined) this.set(path, suggestion);
    else if (!brokenRule || !this.complete(path)) this.replace(undecided ?? path);
  }

  private repairKey(path: Path, suggestion: string | undefined): void {
    const parent = valueAt(this.data, path.slice(0, -1));
    const key = String(path.at(-1));
    if (!isMapping(parent)) return;
    if (suggestion !== undefined && !Object.hasOwn(parent, suggestion)) {
      parent[suggestion] = parent[key];
      this.renamed.push({ path: [...path.slice(0, -1), suggestion], original: key });
    }
    delete parent[key];
  }

  /** Puts a valid value at the path, or, where none is known, leaves it to its default, or replaces what holds it. */
  private replace(path: Path): void {
    const valid = validAt(path);
    if (valid !== undefined && !this.isReplaced(path)) this.substitute(path, valid);
    else if (valueAt(this.data, path) !== undefined && typeof path.at(-1) === 'string') this.remove(path);
    else if (path.length > 0) this.replace(path.slice(0, -1));
  }

  /** Gives a mapping the keys it may want for; false when it has them all. */
  private complete(path: Path): boolean {
    const [present, valid] = [valueAt(this.data, path), validAt(path)];
    if (!isMapping(present) || !isMapping(valid)) return false;
    const wanting = Object.keys(valid).filter((key) => !Object.hasOwn(present, key));
    for (const key of wanting) this.substitute([...path, key], valid[key]);
    return wanting.length > 0;
  }

  private isReplaced(path: Path): boolean {
    return this.replaced.some((replaced) => replaced.length === path.length && startsWith(path, replaced));
  }

  private substitute(path: Path, valid: unknown): void {
    this.replaced.push(path);
    this.set(path, copyOf(valid));
  }

  private remove(path: Path): void {
    const parent = valueAt(this.data, path.slice(0, -1));
    this.replaced.push(path);
    if (isMapping(parent)) delete parent[String(path.at(-1))];
  }

  private set(path: Path, value: unknown): void {
    const parent = valueAt(this.data, path.slice(0, -1));
    const key = path.at(-1);
    if (key === undefined) this.data = value;
    else if (Array.isArray(parent)) parent[Number(key)] = value;
    else if (isMapping(parent)) parent[String(key)] = value;
  }
}

/** What the skeleton has at a path, the same for each item of a list. */
const validAt = (path: Path): unknown =>
  valueAt(
    SKELETON,
    path.map((part) => (typeof part === 'number' ? 0 : part)),
  );

/** Parts that the author shares by YAML aliases become separate, so that repairing one leaves the other. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)])) as T;
}
