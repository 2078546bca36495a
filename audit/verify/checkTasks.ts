import { blobKey } from '../../artifacts/blobKey';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { type ParametersOf, STAGE_PARAMETERS } from '../../schemas/plan';
import { type SocialTask, TaskSet } from '../../schemas/profiles';
import { kindOf, outputOf } from '../readManifest';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

/** Splits of a task set are as large as planned, and no task evaluates in one and trains in another. */
export async function checkTasks(
  { stages }: LoadedCampaign,
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<void> {
  for (const { manifest } of stages) {
    if (!manifest || kindOf(manifest.statement) !== 'prepareTasks') continue;
    const digest = outputOf(manifest.statement, 'tasks') ?? '';
    await whereReadable(blobKey(digest), findings, async () => {
      const { parameters } = manifest.statement.predicate.buildDefinition.externalParameters;
      const { splits } = STAGE_PARAMETERS.prepareTasks.parse(parameters);
      checkTaskSet(blobKey(digest), splits, (await blobs.json(digest, TaskSet)).tasks, findings);
    });
  }
}

function checkTaskSet(
  object: string,
  splits: ParametersOf<'prepareTasks'>['splits'],
  tasks: readonly SocialTask[],
  findings: Findings,
): void {
  for (const { name, tasks: planned } of splits) {
    const filled = tasks.filter(({ split }) => split === name).length;
    if (filled !== planned)
      findings.fail(object, `Split "${name}" has ${filled} tasks; planned are ${planned}.`);
  }
  const evaluates = new Map(splits.map(({ name, evaluation }) => [name, evaluation]));
  const ids = new Set<string>();
  const known = new Map<string, SocialTask>();
  for (const task of tasks) {
    findings.looked();
    if (ids.has(task.id)) findings.fail(object, `Task ${task.id} is there more than once.`);
    ids.add(task.id);
    const same = known.get(contentOf(task));
    if (same && evaluates.get(same.split) !== evaluates.get(task.split))
      findings.fail(
        object,
        `Task ${task.id} of split "${task.split}" has the words of ${same.id} of split "${same.split}": what evaluates would be trained on.`,
      );
    known.set(contentOf(task), task);
  }
}

const contentOf = ({ scenario, goals }: SocialTask): string => canonicalJson({ scenario, goals });
