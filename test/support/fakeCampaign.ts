import { createHash } from 'node:crypto';
import type { AppendToLogInput } from '../../activities/campaignLog';
import type { PlayEpisodesInput } from '../../activities/episodes';
import type { ArchivedHistory } from '../../activities/histories';
import type { CommitStageInput, OpenStageInput, PlanOutline } from '../../activities/stages';
import type { PlanDifference } from '../../activities/steering';
import type { ArtifactRef } from '../../schemas/artifact';
import type { LogHead } from '../../schemas/attestation';
import type { FinishedBatch } from '../../schemas/batch';
import type { NewLogEntry } from '../../schemas/campaignLog';
import type { StageResult } from '../../schemas/plan';
import type { SteeringRecord } from '../../schemas/steering';

const FREE = { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 };
const NONE_UNRATED = { count: 0, reasons: {}, example: null };

export function artifact(name: string): ArtifactRef {
  const sha256 = createHash('sha256').update(name).digest('hex');
  return { name, uri: `s3://test/${sha256}`, digest: { sha256 }, mediaType: 'application/json', bytes: 1 };
}

export const outcome = (...outputs: string[]) => ({
  outputs: Object.fromEntries(outputs.map((output) => [output, artifact(output)])),
  counts: {},
  cost: FREE,
});

/** What people did, among what is to be put on record. */
export const steeringOf = (entries: readonly NewLogEntry[]): SteeringRecord[] =>
  entries.flatMap(({ event }) => (event.kind === 'steering' ? [event.record] : []));

type OutlinedStage = PlanOutline['stages'][number];

export const stage = (id: string, kind: string, inputs: OutlinedStage['inputs'] = {}): OutlinedStage => ({
  id,
  kind,
  inputs,
  episodes: 0,
  gate: null,
});

export const from = (id: string, output: string) => ({ stage: id, output });

/** A small campaign’s outline: pre-trained base, tasks, one BC round, two evaluations. */
export const OUTLINE: PlanOutline = {
  episodesInFlight: 8,
  modelCalls: null,
  stages: [
    stage('corpus', 'importCorpus'),
    stage('base', 'trainPolicy', { dataset: from('corpus', 'corpus') }),
    stage('tasks', 'prepareTasks'),
    stage('BC/collect', 'collectEpisodes', { tasks: from('tasks', 'tasks') }),
    stage('BC/filter', 'filterEpisodes', {
      episodes: from('BC/collect', 'episodes'),
      tasks: from('tasks', 'tasks'),
    }),
    stage('BC/train', 'trainPolicy', {
      policy: from('base', 'policy'),
      dataset: from('BC/filter', 'dataset'),
    }),
    stage('evaluate/base', 'evaluatePolicy', {
      tasks: from('tasks', 'tasks'),
      policy: from('base', 'policy'),
    }),
    stage('evaluate/BC', 'evaluatePolicy', {
      tasks: from('tasks', 'tasks'),
      policy: from('BC/train', 'policy'),
    }),
    stage('results', 'compareEvaluations', {
      base: from('evaluate/base', 'evaluation'),
      BC: from('evaluate/BC', 'evaluation'),
    }),
  ],
};

/** Activities that do nothing but note what was asked, in order; stage results are kept by key as the store does. */
export function fakeActivities(outline: PlanOutline = OUTLINE, episodes = 3) {
  const log: string[] = [];
  const finished = new Map<string, StageResult>();
  const note = async (entry: string) => void log.push(entry);
  const activities = {
    loadPlan: async () => outline,
    openStage: async ({ stage: id, inputs }: OpenStageInput) => {
      const kind = outline.stages.find((one) => one.id === id)?.kind;
      const key = createHash('sha256')
        .update(JSON.stringify([kind, kind === 'evaluatePolicy' ? id : '', inputs]))
        .digest('hex');
      return { key, finished: finished.get(key) ?? null };
    },
    commitStage: async ({ stage: id, key, outputs, counts, cost }: CommitStageInput) => {
      log.push(`commit ${id}`);
      const result = { key, outputs, counts, cost, seconds: 1, manifest: artifact(`${id} manifest`) };
      finished.set(key, result);
      return result;
    },
    recordCampaign: () => note('record'),
    importCorpus: async () => outcome('corpus'),
    prepareTasks: async () => outcome('tasks'),
    trainPolicy: async ({ stage: id }: { stage: string }) => {
      log.push(`train ${id}`);
      return {
        ...outcome('checkpoints'),
        outputs: { policy: artifact(`${id} policy`), checkpoints: artifact('checkpoints') },
      };
    },
    filterEpisodes: async () => outcome('decisions', 'dataset'),
    designEpisodes: async ({ stage: id, inputs }: OpenStageInput) => [
      {
        design: id,
        play: id,
        episodes,
        unratedLimit: 0,
        policies: inputs['policy'] ? [inputs['policy']] : [],
      },
    ],
    playEpisodes: async ({ design, from, to }: PlayEpisodesInput): Promise<FinishedBatch> => {
      for (let number = from; number < to; number += 1) log.push(`play ${design} ${number}`);
      return { index: artifact(`${design} ${from}-${to}`), unrated: NONE_UNRATED, cost: FREE };
    },
    gatherEpisodes: async ({ indexes }: { indexes: ArtifactRef[] }) =>
      artifact(indexes.map(({ name }) => name).join()),
    probeModels: () => note('probe'),
    comparePlans: async (_plans: { before: string; after: string }): Promise<PlanDifference> => ({
      unusable: null,
      changes: [],
      redefined: [],
    }),
    appendToLog: async ({ entries, after }: AppendToLogInput): Promise<LogHead> => {
      for (const { kind, number, refused } of steeringOf(entries))
        log.push(`${refused ? 'refused to ' : ''}${kind} ${number}`);
      return { number: (after?.number ?? 0) + entries.length, digest: '0'.repeat(64) };
    },
    countCalls: async () => 0,
    listSnapshotChanges: async () => [],
    archiveHistories: async (): Promise<ArchivedHistory[]> => [],
    summariseEvaluation: async () => outcome('evaluation'),
    compareEvaluations: async () => outcome('results'),
    servePolicy: async (_input: { policy: ArtifactRef }): Promise<void> => undefined,
    awaitPolicy: async (_input: { policy: ArtifactRef }): Promise<void> => undefined,
  };
  return { activities, log, finished };
}
