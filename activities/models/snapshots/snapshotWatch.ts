import type { ApplicationFailure } from '@temporalio/activity';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { modelId, policyFor } from '../../../domain/plan/snapshotPolicies';
import { TOLERATED_SHIFT } from '../../../domain/statistics';
import type { Interval } from '../../../schemas/evaluation';
import type { AnsweredSnapshot, NamedModel, SnapshotPolicy } from '../../../schemas/snapshot';
import { createPatience } from '../../conversation/patience';
import { failure } from '../../support/failures';
import type { Account } from '../budget/askWithinBudget';
import type { AskModel } from '../modelAccess';
import { FEWEST_TO_BRIDGE } from './bridgeSnapshot';
import { type ModelSnapshots, SnapshotRecord } from './snapshotRecord';

/** Whose answers are watched, and what is taken. */
type Watched = Pick<Account, 'campaign' | 'snapshotPolicies'>;

/**
 * Lets no answer of a snapshot through that the campaign does not take. What was met lies in the store, so that all
 * workers know of it; each looks there once for every snapshot it has not met itself.
 */
export class SnapshotWatch {
  private readonly taken = new Set<string>();
  /** Hundreds of answers may come before the first is looked up: they look once. */
  private readonly meetings = new Map<string, Promise<void>>();

  constructor(private readonly store: ArtifactStore) {}

  over(account: Watched, ask: AskModel): AskModel {
    if (account.snapshotPolicies === null) return ask;
    return async (question) => {
      const { model, signal, tell = () => undefined } = question;
      const completion = await ask(question);
      // The answer is paid for: it waits for the store, and is not asked for again.
      await createPatience(signal, tell)(() => this.meet(account, model, completion.snapshot));
      return completion;
    };
  }

  /** Errors: MODEL_SNAPSHOT_CHANGED when the snapshot is another than before, and is not taken; STORAGE_*. */
  async meet(account: Watched, model: NamedModel, snapshot: string): Promise<void> {
    const id = JSON.stringify([account.campaign, modelId(model), snapshot]);
    // Where a filter stopped the prompt, nobody has answered.
    if (snapshot === '' || this.taken.has(id)) return;
    const meeting = this.meetings.get(id) ?? this.look(account, model, snapshot);
    this.meetings.set(id, meeting);
    try {
      await meeting;
      this.taken.add(id);
    } finally {
      this.meetings.delete(id);
    }
  }

  private async look(
    { campaign, snapshotPolicies }: Watched,
    model: NamedModel,
    snapshot: string,
  ): Promise<void> {
    const policy = policyFor(model, snapshotPolicies ?? []);
    const record = new SnapshotRecord(this.store, campaign);
    const noted = await record.note(model, snapshot, (known) => standingOf(known, snapshot, policy));
    if (noted.standing === 'refused') throw changedSnapshot(await record.of(model), noted, policy);
  }
}

function standingOf(
  { snapshots }: ModelSnapshots,
  name: string,
  policy: SnapshotPolicy,
): Pick<AnsweredSnapshot, 'standing' | 'shift'> {
  const before = snapshots.find((one) => one.name === name);
  if (before && before.standing !== 'refused') return before;
  if (snapshots.length === 0) return { standing: 'first' };
  const shift = before?.shift && { shift: before.shift };
  return { standing: policy === 'accept' ? 'accepted' : 'refused', ...shift };
}

/** What happened, since when, and the ways on. */
export function changedSnapshot(
  { baseUrl, model, snapshots, bridge }: ModelSnapshots,
  { name, since, shift }: AnsweredSnapshot,
  policy: SnapshotPolicy,
): ApplicationFailure {
  const before = snapshots.findLast(({ standing }) => standing !== 'refused');
  const change =
    `model "${model}" at ${baseUrl} answers as "${name}" since ${since}, and as "${before?.name}" before, ` +
    `first at ${before?.since}. None of the new snapshot's answers is used.`;
  const waysOn =
    `Name "${before?.name}" as the model where it can still be asked for, or take the new one by onSnapshotChange: ` +
    'accept, and `pi-loop amend` the campaign. It goes on by itself where the old one answers again.';
  return failure('MODEL_SNAPSHOT_CHANGED', [change, ...bridging(policy, bridge, shift), waysOn].join(' '));
}

function bridging(
  policy: SnapshotPolicy,
  bridge: ModelSnapshots['bridge'],
  shift: AnsweredSnapshot['shift'],
): string[] {
  if (policy !== 'bridge') return [];
  if (!shift)
    return [
      `Before it goes on, the new snapshot rates episodes again that the old one has rated: ${bridge.length} are kept, ${FEWEST_TO_BRIDGE} are needed.`,
    ];
  const told = `${shift.episodes} episodes rated again: goal ${describe(shift.goal)}, overall ${describe(shift.overall)}`;
  return [`${told}; a shift is tolerated that is not surely above ${TOLERATED_SHIFT}.`];
}

const describe = ({ mean, low, high }: Interval): string =>
  `${signed(mean)} (95 %: ${signed(low)} to ${signed(high)})`;

const signed = (number: number): string => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(2)}`;
