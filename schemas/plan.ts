import { z } from 'zod';
import { ArtifactRef, Sha256 } from './artifact';
import { EpisodeRules, TemplateName } from './episode';
import { FilterPolicy } from './filter';
import { Address, Batching, ModelSpec, Sampling } from './model';
import { Role } from './ledger';
import { Usage } from './modelCall';
import { ModelPolicy } from './snapshot';
import { PlanPrices } from './price';
import { DatasetForm, ModelArchitecture, TrainingRecipe } from './training';

const seed = z.number().int().nonnegative();

/** A player of a stage; a policy is named by the input role that brings its folder. */
export const StagePlayer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), model: ModelSpec, template: TemplateName }),
  z.strictObject({
    kind: z.literal('policy'),
    input: z.string(),
    template: TemplateName,
    sampling: Sampling,
  }),
]);
export type StagePlayer = z.infer<typeof StagePlayer>;

/** What every stage that plays episodes needs to know. */
const Play = {
  split: z.string(),
  pairsPerTask: z.number().int().min(1),
  rules: EpisodeRules,
  judge: ModelSpec,
  seed,
  unratedShare: z.number(),
};

export const GenerateTasks = z.strictObject({
  author: ModelSpec,
  pools: z.array(z.strictObject({ name: z.string(), file: ArtifactRef })),
  examples: ArtifactRef,
  excludeKeywords: ArtifactRef.nullable(),
  attemptsPerTask: z.number().int(),
  maxSimilarity: z.number(),
});
export type GenerateTasks = z.infer<typeof GenerateTasks>;

export const ImportTasks = z.strictObject({
  environments: ArtifactRef,
  pairs: ArtifactRef.nullable(),
  use: z.enum(['evaluation', 'training', 'both']),
});
export type ImportTasks = z.infer<typeof ImportTasks>;

/** Parameters of each kind of stage: all that decides its result besides its inputs. */
export const STAGE_PARAMETERS = {
  importCorpus: z.strictObject({
    source: z.union([z.strictObject({ url: Address }), z.strictObject({ file: ArtifactRef })]),
  }),
  importPolicy: z.strictObject({ directory: ArtifactRef }),
  prepareTasks: z.strictObject({
    /** Tasks needed per split: a round's name, `dev`, `test`. Filled in this order. */
    splits: z.array(z.strictObject({ name: z.string(), tasks: z.number().int(), evaluation: z.boolean() })),
    agents: ArtifactRef,
    relationships: ArtifactRef.nullable(),
    generate: GenerateTasks.nullable(),
    import: ImportTasks.nullable(),
    seed,
  }),
  trainPolicy: z.strictObject({
    recipe: TrainingRecipe,
    /** Set when there is no policy to start from. */
    initialise: ModelArchitecture.nullable(),
    seed,
  }),
  collectEpisodes: z.strictObject({ ...Play, players: z.tuple([StagePlayer, StagePlayer]) }),
  filterEpisodes: z.strictObject({
    filter: FilterPolicy,
    template: TemplateName,
    minimumRows: z.number().int(),
    form: DatasetForm.optional(),
    seed,
  }),
  chooseCheckpoint: z.strictObject({
    ...Play,
    partner: z.strictObject({ model: ModelSpec, template: TemplateName }),
    template: TemplateName,
    sampling: Sampling,
    minimumGain: z.number(),
  }),
  evaluatePolicy: z.strictObject({
    ...Play,
    name: z.string(),
    contestant: StagePlayer,
    partner: z.strictObject({ model: ModelSpec, template: TemplateName }),
  }),
  compareEvaluations: z.strictObject({
    /** In the order of the table: base, the rounds, then references. */
    policies: z.array(z.string()),
    references: z.array(z.string()),
    /** Differences to test: each round with the policy it started from, and with base. */
    pairs: z.array(z.tuple([z.string(), z.string()])),
    /** True when any model of the campaign is a simulation: the table says so. */
    simulated: z.boolean(),
    hardShare: z.number(),
    bootstrapSamples: z.number().int(),
    seed,
  }),
} as const;

export type StageKind = keyof typeof STAGE_PARAMETERS;
export type ParametersOf<K extends StageKind> = z.infer<(typeof STAGE_PARAMETERS)[K]>;
export const STAGE_KINDS = Object.keys(STAGE_PARAMETERS) as StageKind[];

const StageInput = z.strictObject({ stage: z.string(), output: z.string() });

const Estimate = z.strictObject({
  episodes: z.number().int(),
  calls: z.number().int(),
  tokens: z.number().int(),
  gpuSeconds: z.number(),
});
export type Estimate = z.infer<typeof Estimate>;

/** One node of the plan. `parameters` are parsed by kind where they are used. */
export const Stage = z.strictObject({
  id: z.string(),
  kind: z.enum(STAGE_KINDS as [StageKind, ...StageKind[]]),
  parameters: z.unknown(),
  inputs: z.record(z.string(), StageInput),
  queue: z.string(),
  estimate: Estimate,
  /** What is asked before the stage may start. No part of its key. Plans of version 1 have none. */
  gate: z.string().nullable().default(null),
});
export type Stage = Omit<z.infer<typeof Stage>, 'parameters'> & { parameters: unknown };

const nanodollars = z.number().int().nonnegative();

const PlanLimits = z.strictObject({
  /** Calls of models, policies not counted; null: no limit. */
  modelCalls: z.number().int().nullable(),
  /** In nanodollars, for calls of models; campaigns without a limit on money have none. */
  money: z
    .strictObject({
      /** Of all rounds and roles together; null: no limit. */
      campaign: nanodollars.nullable(),
      rounds: z.record(z.string(), nanodollars),
      roles: z.partialRecord(Role, nanodollars),
    })
    .optional(),
});
export type PlanLimits = z.infer<typeof PlanLimits>;

export const Plan = z.strictObject({
  campaign: z.string(),
  stages: z.array(Stage),
  /** True when any model of the plan is a simulation; every result says so. */
  simulated: z.boolean(),
  episodesInFlight: z.number().int(),
  /** Models that are asked by batches. No part of any stage: they are asked the same. */
  batching: z.strictObject({ judge: Batching.optional(), author: Batching.optional() }).optional(),
  /** Plans of version 1 have none. */
  limits: PlanLimits.default({ modelCalls: null }),
  /** Plans in which nothing has a price have none. */
  prices: PlanPrices.optional(),
  /** What happens when a model answers under another snapshot; those that are not listed stop. No part of a key. */
  snapshotPolicies: z.array(ModelPolicy).optional(),
});
export type Plan = z.infer<typeof Plan>;

/** One difference between two plans: where, and the values before and after as JSON; null where there is none. */
export const PlanChange = z.strictObject({
  /** Empty for what holds for the plan as a whole. */
  stage: z.string(),
  /** Such as `parameters.recipe.steps`; `kind` alone for a stage that comes or goes. */
  path: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
});
export type PlanChange = z.infer<typeof PlanChange>;

export const StageCost = z.strictObject({
  calls: z.number().int(),
  ...Usage.shape,
  gpuSeconds: z.number(),
});
export type StageCost = z.infer<typeof StageCost>;

/** What a finished stage leaves; stored under its key, so that it is never computed twice. */
export const StageResult = z.strictObject({
  key: Sha256,
  outputs: z.record(z.string(), ArtifactRef),
  counts: z.record(z.string(), z.number()),
  cost: StageCost,
  /** Seconds of the stage's own work when it was computed. */
  seconds: z.number(),
  manifest: ArtifactRef,
});
export type StageResult = z.infer<typeof StageResult>;
