import { viewOf } from '../../domain/episode/view';
import { CONTESTANT } from '../../domain/episode/design';
import type { Position } from '../../schemas/episode';
import type { ModelCall } from '../../schemas/modelCall';
import { DIMENSIONS, overallScore, type Scores } from '../../schemas/scores';
import type { RatedEpisode } from '../ratedEpisode';
import { backgroundOf } from '../../domain/prompts/sotopia';
import { inSotopiasWords } from '../../domain/prompts/transcript';

/** Inspect's ModelUsage. */
export interface ModelUsage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
}

export interface Score {
  value: number;
  explanation: string;
}

/** An Inspect EvalSample, as far as we write it. */
export interface Sample {
  id: string;
  epoch: 1;
  input: string;
  target: string;
  messages: Record<string, unknown>[];
  output: { model: string; choices: unknown[]; completion: string };
  scores: Record<string, Score> | null;
  metadata: Record<string, unknown>;
  model_usage: Record<string, ModelUsage>;
  role_usage: Record<string, ModelUsage>;
}

/** The position whose side of an episode the log tells: the contestant's; the first where two players are alike. */
export const seenFrom = ({ players }: Pick<RatedEpisode, 'players'>): Position =>
  players[1] === CONTESTANT ? 1 : 0;

/** An episode as a sample: the one side's words are the assistant's, the other's the user's. */
export function sampleOf(rated: RatedEpisode): Sample {
  const { digests, episode, rating, task, agents, players, stage, simulated } = rated;
  const position = seenFrom(rated);
  const view = viewOf(task, agents, position);
  const spoken = episode.turns.map(({ number, speaker, action, call }) => ({
    id: `${digests.episode.slice(0, 16)}-${number}`,
    role: speaker === position ? 'assistant' : 'user',
    content: inSotopiasWords(action),
    ...(speaker === position && { model: call.model, source: 'generate' }),
    metadata: {
      turn: number,
      speaker: view.names[speaker],
      action: action.type,
      model: call.model,
      snapshot: call.snapshot,
      prompt_sha256: call.promptDigest,
    },
  }));
  const background = backgroundOf(view);
  const model = episode.models[position];
  const last = spoken.findLast(({ role }) => role === 'assistant');
  return {
    id: episode.id,
    epoch: 1,
    input: background,
    target: view.goal,
    messages: [{ id: `${digests.episode.slice(0, 16)}-s`, role: 'system', content: background }, ...spoken],
    output: {
      model,
      choices: last ? [{ message: last, stop_reason: 'stop' }] : [],
      completion: last?.content ?? '',
    },
    scores: rating.kind === 'rated' ? scoresOf(rating, position) : null,
    metadata: {
      stage,
      task: task.id,
      agents: episode.agents,
      models: episode.models,
      players,
      position,
      seed: episode.seed,
      ending: episode.ending,
      episode_sha256: digests.episode,
      rating_sha256: digests.rating,
      judge_snapshot: rating.call?.snapshot ?? null,
      simulated,
      ...(rating.kind === 'unrated' && { unrated: rating.reason }),
    },
    ...usageOf(rated, position),
  };
}

type Rated = Extract<RatedEpisode['rating'], { kind: 'rated' }>;

/** The one side's scores under the dimensions' names, the other's with `partner_` before them. */
function scoresOf({ scores, reasoning }: Rated, position: Position): Record<string, Score> {
  const side = (of: Position, prefix: string) => [
    ...DIMENSIONS.map((dimension): [string, Score] => [
      `${prefix}${dimension}`,
      { value: scores[of][dimension], explanation: reasoning[of][dimension] ?? '' },
    ]),
    [`${prefix}overall`, overall(scores[of])] as [string, Score],
  ];
  return Object.fromEntries([...side(position, ''), ...side(position === 0 ? 1 : 0, 'partner_')]);
}

const overall = (scores: Scores): Score => ({
  value: overallScore(scores),
  explanation: 'Unweighted mean of the seven dimensions.',
});

function usageOf({ episode, rating }: RatedEpisode, position: Position) {
  const byModel: Record<string, ModelUsage> = {};
  const byRole: Record<string, ModelUsage> = {};
  const add = (role: string, { model, usage }: ModelCall) => {
    byModel[model] = sum(byModel[model], usage);
    byRole[role] = sum(byRole[role], usage);
  };
  for (const { speaker, call } of episode.turns) add(speaker === position ? CONTESTANT : 'partner', call);
  if (rating.call) add('judge', rating.call);
  return { model_usage: byModel, role_usage: byRole };
}

function sum(before: ModelUsage | undefined, { inputTokens, outputTokens }: ModelCall['usage']): ModelUsage {
  return {
    input_tokens: (before?.input_tokens ?? 0) + inputTokens,
    output_tokens: (before?.output_tokens ?? 0) + outputTokens,
    total_tokens: (before?.total_tokens ?? 0) + inputTokens + outputTokens,
  };
}
