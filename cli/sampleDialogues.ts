import type { ArtifactStore } from '../artifacts/artifactStore';
import { perceive } from '../domain/prompts/transcript';
import type { ArtifactRef } from '../schemas/artifact';
import { CollectedEpisode, Episode } from '../schemas/episode';
import { type SocialTask, TaskSet } from '../schemas/profiles';
import type { CampaignResult } from '../workflows/messages';
import { inertLine } from './render/inert';

const CONTESTANT = 'contestant';

interface Sample {
  task: SocialTask;
  before: string;
  after: string;
}

/**
 * The same held-out episode played by two policies: the first test task of each kind (codename), in the order of the
 * task set, with the policy in position 0. Nothing is picked by its result.
 */
export async function sampleDialogues(
  store: ArtifactStore,
  result: CampaignResult,
  names: { before: string; after: string },
  count: number,
): Promise<Sample[]> {
  const taskSet = await store.getJson(outputOf(result, 'tasks', 'tasks').digest.sha256, TaskSet);
  const tasks = taskSet.tasks.filter(({ split }) => split === 'test');
  const kinds = new Map<string, SocialTask>();
  for (const task of tasks) if (!kinds.has(kindOf(task))) kinds.set(kindOf(task), task);
  const chosen = [...kinds.values(), ...tasks.filter((task) => kinds.get(kindOf(task)) !== task)].slice(
    0,
    count,
  );
  const before = await episodesOf(store, outputOf(result, `evaluate/${names.before}`, 'episodes'));
  const after = await episodesOf(store, outputOf(result, `evaluate/${names.after}`, 'episodes'));
  return Promise.all(
    chosen.map(async (task) => ({
      task,
      before: await transcript(store, before.get(task.id)),
      after: await transcript(store, after.get(task.id)),
    })),
  );
}

/** Games name their kind first: `haggle-bike` and `haggle-lamp` are one kind. */
const kindOf = ({ codename }: SocialTask): string => codename.split(/[^a-z]/i)[0] ?? codename;

function outputOf({ stages }: CampaignResult, id: string, output: string): ArtifactRef {
  const artifact = stages.find((stage) => stage.id === id)?.outputs[output];
  if (!artifact) throw new Error(`stage ${id} has no output ${output}`);
  return artifact;
}

async function episodesOf(store: ArtifactStore, index: ArtifactRef): Promise<Map<string, CollectedEpisode>> {
  const rows = await store.getJsonLines(index.digest.sha256, CollectedEpisode);
  const first = new Map<string, CollectedEpisode>();
  for (const row of rows) if (row.players[0] === CONTESTANT && !first.has(row.task)) first.set(row.task, row);
  return first;
}

async function transcript(store: ArtifactStore, row: CollectedEpisode | undefined): Promise<string> {
  if (!row) return '    (not played)';
  const episode = await store.getJson(row.episode, Episode);
  const lines = episode.turns.map(
    ({ speaker, action }) => `    ${speaker === 0 ? 'policy ' : 'partner'} ${inertLine(perceive(action))}`,
  );
  const goals = row.scores ? `goal: policy ${row.scores[0].goal}, partner ${row.scores[1].goal}` : 'unrated';
  return [...lines, `    ${goals} of 10`].join('\n');
}

export function renderSamples(samples: readonly Sample[], names: { before: string; after: string }): string {
  return samples
    .map(({ task, before, after }) =>
      [
        `● ${inertLine(task.scenario)}`,
        `  policy's goal: ${inertLine(task.goals[0])} | partner's goal: ${inertLine(task.goals[1])}`,
        `  ${names.before}:`,
        before,
        `  ${names.after}:`,
        after,
      ].join('\n'),
    )
    .join('\n\n');
}
