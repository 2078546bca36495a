import { digestOfJson } from '../../artifacts/canonicalJson';
import { type AgentView, viewOf } from '../../domain/episode/view';
import { judgePrompt } from '../../domain/prompts/judge';
import { perceive } from '../../domain/prompts/transcript';
import type { Turn } from '../../schemas/episode';
import { DIMENSIONS, overallScore, type Scores } from '../../schemas/scores';
import type { RatedEpisode } from '../ratedEpisode';
import type { EpisodeRecord } from './records';
import { backgroundOf } from '../../domain/prompts/sotopia';
import { inSotopiasWords } from '../../domain/prompts/transcript';

type Message = [string, string, string];

/** A Sotopia EpisodeLog. Its key is the episode's digest. */
export function episodeRecord(rated: RatedEpisode): EpisodeRecord {
  const { campaign, stage, digests, episode, rating, task, agents, judge, simulated } = rated;
  const views = [viewOf(task, agents, 0), viewOf(task, agents, 1)] as const;
  return {
    pk: digests.episode,
    environment: task.id,
    agents: [agents[0].id, agents[1].id],
    tag: `${campaign}/${stage}`,
    models: [judge, ...episode.models],
    messages: messagesOf(views, episode.turns),
    reasoning: rating.kind === 'rated' ? reasoningOf(rating.reasoning) : '',
    rewards: rating.kind === 'rated' ? [rewardOf(rating.scores[0]), rewardOf(rating.scores[1])] : null,
    rewards_prompt: rewardsPrompt(rated),
    pi_loop: {
      id: episode.id,
      stage,
      ...digests,
      seed: episode.seed,
      ending: episode.ending,
      simulated,
      snapshots: [...new Set(episode.turns.map(({ call }) => call.snapshot))].sort(),
      judge: rating.call?.snapshot ?? null,
      ...(rating.kind === 'unrated' && { unrated: rating.reason }),
    },
  };
}

function rewardOf(scores: Scores): [number, Record<string, number>] {
  const overall = overallScore(scores);
  return [overall, { ...scores, overall_score: overall }];
}

const reasoningOf = (sides: readonly [Record<string, string>, Record<string, string>]): string =>
  sides
    .map((side, position) => {
      const lines = DIMENSIONS.map((dimension) => `${dimension}: ${side[dimension] ?? ''}`);
      return `Agent ${position + 1} comments:\n${lines.join('\n')}\n`;
    })
    .join('');

/** The judge's prompt is kept by its digest; it is given back when it can be rendered to the same. */
function rewardsPrompt({ task, agents, episode, rating }: RatedEpisode): string {
  const prompt = judgePrompt(task, agents, episode.turns);
  return digestOfJson(prompt) === rating.call?.promptDigest ? (prompt[0]?.content ?? '') : '';
}

/** Turn by turn, as Sotopia keeps them: what both are told, then what both do; who is not to speak does nothing. */
function messagesOf(views: readonly [AgentView, AgentView], turns: readonly Turn[]): Message[][] {
  const { names } = views[0];
  const tellBoth = (texts: [string, string]): Message[] => [
    ['Environment', names[0], texts[0]],
    ['Environment', names[1], texts[1]],
  ];
  const messages = [tellBoth([backgroundOf(views[0]), backgroundOf(views[1])])];
  for (const { number, speaker, action } of turns) {
    const done: Message[] = ([0, 1] as const).map((position) => [
      names[position],
      'Environment',
      position === speaker ? inSotopiasWords(action) : 'did nothing',
    ]);
    messages.at(-1)?.push(...done);
    const told = `Turn #${number}: ${names[speaker]} ${perceive(action)}`;
    messages.push(tellBoth([told, told]));
  }
  return messages;
}
