import { z } from 'zod';
import { Sha256 } from './artifact';
import { ModelSpec, Sampling } from './model';
import { ModelCall } from './modelCall';
import { Scores } from './scores';

export const ACTION_TYPES = ['none', 'speak', 'non-verbal communication', 'action', 'leave'] as const;
export const ActionType = z.enum(ACTION_TYPES);
export type ActionType = z.infer<typeof ActionType>;

export const Action = z.strictObject({ type: ActionType, argument: z.string() });
export type Action = z.infer<typeof Action>;

/** Position of an agent in a task: 0 speaks first. */
export const Position = z.union([z.literal(0), z.literal(1)]);
export type Position = z.infer<typeof Position>;

export const Turn = z.strictObject({
  number: z.number().int().nonnegative(),
  speaker: Position,
  action: Action,
  call: ModelCall,
});
export type Turn = z.infer<typeof Turn>;

/**
 * Why an episode ended. `unparsable`: a model's answer could not be read as an action even after the repair call; such
 * an episode is kept as evidence, is never rated and is counted against the limit of unrated episodes.
 */
export const Ending = z.enum(['left', 'silence', 'limit', 'unparsable']);
export type Ending = z.infer<typeof Ending>;

export const Episode = z.strictObject({
  id: z.string(),
  task: z.string(),
  agents: z.tuple([z.string(), z.string()]),
  /** Who played each position: a model's name, or `policy:<digest>`. */
  models: z.tuple([z.string(), z.string()]),
  seed: z.number().int(),
  turns: z.array(Turn),
  ending: Ending,
  /** The answer that could not be read, when the ending is `unparsable`. */
  unreadAnswer: z.string().optional(),
  /** What it took to get that answer. */
  unreadCall: ModelCall.optional(),
});
export type Episode = z.infer<typeof Episode>;

/** Rules of a conversation; Sotopia v0.1.4 plays at most 20 turns and stops after more than two trailing `none`. */
export const EpisodeRules = z.strictObject({
  maxTurns: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('Turns of both sides together. Default 20, as Sotopia v0.1.4.'),
  maxSilentTurns: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe('The episode ends after more than this many `none` actions in a row. Default 2, as Sotopia.'),
});
export type EpisodeRules = z.infer<typeof EpisodeRules>;

export const TemplateName = z.enum(['sotopia-v1', 'compact-v1']);
export type TemplateName = z.infer<typeof TemplateName>;

/** Who plays a position: a model behind an endpoint, or a policy this campaign serves. */
export const Player = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), model: ModelSpec, template: TemplateName }),
  z.strictObject({
    kind: z.literal('policy'),
    /** Digest of the policy's folder; the server must answer with the same. */
    digest: Sha256,
    template: TemplateName,
    sampling: Sampling,
  }),
]);
export type Player = z.infer<typeof Player>;

/** One planned episode: `players` are names in the design's table of players. */
export const EpisodeDesign = z.strictObject({
  id: z.string(),
  task: z.string(),
  agents: z.tuple([z.string(), z.string()]),
  players: z.tuple([z.string(), z.string()]),
  seed: z.number().int().nonnegative(),
});
export type EpisodeDesign = z.infer<typeof EpisodeDesign>;

/** All episodes of one stage, decided before the first is played. */
export const CollectionDesign = z.strictObject({
  taskSet: z.string(),
  rules: EpisodeRules,
  players: z.record(z.string(), Player),
  judge: ModelSpec,
  episodes: z.array(EpisodeDesign),
});
export type CollectionDesign = z.infer<typeof CollectionDesign>;

/** One line of a stage's episode index: where the episode and its rating lie, and the scores by position. */
export const CollectedEpisode = z.strictObject({
  number: z.number().int().nonnegative(),
  id: z.string(),
  task: z.string(),
  players: z.tuple([z.string(), z.string()]),
  ending: Ending,
  turns: z.number().int(),
  episode: Sha256,
  rating: Sha256,
  /** Null when unrated. */
  scores: z.tuple([Scores, Scores]).nullable(),
});
export type CollectedEpisode = z.infer<typeof CollectedEpisode>;
