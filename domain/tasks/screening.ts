import type { AgentProfile, AuthoredTask, SocialTask } from '../../schemas/profiles';
import { anyoneMayPlay } from './constraints';
import { comparable, goalsKey } from './normalise';
import { type Neighbour, SimilarityIndex } from './similarity';
import { constraintsOf } from './authoredConstraints';
import { unsafeWord } from './unsafe';

/** Why an author's answer became no task. */
export const REJECTION_REASONS = [
  /** No JSON object in the answer. */
  'invalid-json',
  /** A JSON object that is no EnvironmentProfile. */
  'wrong-schema',
  /** Fewer or more than two goals. */
  'not-two-goals',
  /** Both sides want the same: nothing to work out. */
  'same-goals',
  /** A task has the same two goals, on whichever sides, whatever its scenario says. */
  'exact-duplicate',
  /** A task shares most of its word trigrams. */
  'near-duplicate',
  /** A constraint that cannot be read. */
  'constraint-unreadable',
  /** No two agents of this campaign meet the constraints. */
  'nobody-fits',
  /** A word of the local list; see unsafe.ts for how little that means. */
  'unsafe',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

export interface Rejected {
  reason: RejectionReason;
  /** What was found, for a person to read. */
  detail: string;
}

/** What a task looks like to the screen. */
type Screened = Pick<SocialTask, 'id' | 'scenario' | 'goals'>;

export type Screening = { accepted: true; nearest: Neighbour | null } | ({ accepted: false } & Rejected);

const textsOf = (task: Pick<SocialTask, 'scenario' | 'goals'>) => [task.scenario, ...task.goals];

/** Compares candidates with all tasks added so far: imported ones, and those accepted before. */
export class TaskScreen {
  private readonly byGoals = new Map<string, string>();
  private readonly index = new SimilarityIndex();

  constructor(
    private readonly agents: readonly AgentProfile[],
    private readonly maxSimilarity: number,
  ) {}

  add(task: Screened): void {
    this.byGoals.set(goalsKey(task.goals), task.id);
    this.index.add(task.id, textsOf(task));
  }

  screen(task: AuthoredTask): Screening {
    const goals = task.agent_goals;
    const reject = (reason: RejectionReason, detail: string) =>
      ({ accepted: false, reason, detail }) as const;

    if (comparable(goals[0]) === comparable(goals[1])) return reject('same-goals', goals[0]);
    const unsafe = unsafeWord([task.codename, task.scenario, ...goals].join(' \n '));
    if (unsafe !== null) return reject('unsafe', unsafe);
    const constraints = constraintsOf(task);
    if ('unreadable' in constraints) return reject('constraint-unreadable', constraints.unreadable);
    if (!anyoneMayPlay(this.agents, constraints)) return reject('nobody-fits', JSON.stringify(constraints));
    const same = this.byGoals.get(goalsKey(goals));
    if (same !== undefined) return reject('exact-duplicate', `task ${same}`);
    const nearest = this.index.nearest(textsOf({ scenario: task.scenario, goals }));
    if (nearest !== null && nearest.similarity >= this.maxSimilarity) {
      return reject('near-duplicate', `task ${nearest.id}, similarity ${nearest.similarity.toFixed(3)}`);
    }
    return { accepted: true, nearest };
  }
}
