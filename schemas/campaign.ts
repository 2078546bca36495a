import { z } from 'zod';
import { Address, Batching, ModelSpec, Sampling } from './model';
import { EpisodeRules, TemplateName } from './episode';
import { FilterPolicy } from './filter';
import { SnapshotPolicy } from './snapshot';
import { Limits } from './limits';
import { File, Name } from './name';
import { TaskSources } from './taskSources';
import { ModelArchitecture, TrainingRecipe } from './training';

const TAKEN =
  'What happens when the model answers under another snapshot than before. stop: the stage is parked, and none of the new answers is used. accept: it goes on, and the change is recorded.';

const StopOrAccept = SnapshotPolicy.exclude(['bridge'])
  .default('stop')
  .describe(`${TAKEN} Default stop. Does not change results otherwise.`);

/** A model that talks in episodes also says in which prompt template it is addressed. */
const DialogueModel = ModelSpec.omit({ structuredOutput: true }).extend({
  template: TemplateName.default('sotopia-v1').describe('Prompt and answer format. Default sotopia-v1.'),
  onSnapshotChange: StopOrAccept,
  batch: z
    .never('no batch: a conversation cannot wait hours for each of its turns. Judge and author can')
    .optional()
    .describe('Refused: a conversation cannot wait hours for each of its turns.'),
});
export type DialogueModel = z.infer<typeof DialogueModel>;

/** A model that is asked many things which need not wait for each other. */
const PatientModel = ModelSpec.extend({
  batch: Batching.optional().describe(
    'Asks by the provider’s Batch API: mostly half the price, and an answer within minutes to a day. `{}` takes the defaults. Default: asks directly. Does not change results.',
  ),
});

const JudgeModel = PatientModel.extend({
  onSnapshotChange: SnapshotPolicy.default('stop').describe(
    `${TAKEN} bridge: the new snapshot first rates 50 episodes again that the old one has rated, and it goes on unless goal or overall score are surely (95 %) shifted by more than 0.25. Default stop. Does not change results otherwise.`,
  ),
});

const AuthorModel = PatientModel.extend({ onSnapshotChange: StopOrAccept });

/** Where the first policy comes from. */
const BasePolicy = z
  .union([
    z.strictObject({
      directory: z
        .string()
        .min(1)
        .describe('Folder of a Hugging Face model, on the machine that starts the campaign.'),
    }),
    z.strictObject({
      pretrain: z
        .strictObject({
          corpus: z
            .union([
              z.strictObject({ url: Address.describe('Where it is fetched from, once.') }),
              z.strictObject({ file: File }),
            ])
            .describe('JSONL of training rows: either `url` or `file`.'),
          model: ModelArchitecture.describe('Its shape.'),
          recipe: TrainingRecipe.describe('How it is trained.'),
        })
        .describe('A small model from random weights, trained on a corpus.'),
    }),
  ])
  .describe('The policy before any round: either `directory` or `pretrain`.');

const CheckpointChoice = z.discriminatedUnion('choose', [
  z.strictObject({ choose: z.literal('last').describe('The weights after the last step.') }),
  z.strictObject({
    choose: z
      .literal('best-on-dev')
      .describe('Every checkpoint plays the dev tasks; the one with the highest goal is taken.'),
    pairsPerTask: z
      .number()
      .int()
      .min(1)
      .default(1)
      .describe('Pairs playing each dev task, in both positions. Default 1.'),
    minimumGain: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Goal points by which a later checkpoint must beat an earlier one to be preferred. Default 0.',
      ),
    orKeep: z
      .boolean()
      .default(false)
      .describe(
        'The policy that the round starts from is a candidate too, at step 0: a round of which no checkpoint beats it leaves it in place. Default false.',
      ),
  }),
]);

const Round = z.strictObject({
  name: Name.describe('Also the name of the policy it trains.'),
  kind: z.enum(['BC', 'SR']).describe('BC: expert with expert. SR: the policy with itself.'),
  from: Name.optional().describe('Policy to start from; default: the round before, or `base`.'),
  collectWith: Name.optional().describe('SR only: the policy that plays; default: `from`.'),
  tasksOf: Name.optional().describe(
    'Take the social tasks of this earlier round instead of new ones (for controls).',
  ),
  tasks: z.number().int().min(1).describe('Social tasks of this round; no other round has them.'),
  pairsPerTask: z
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('Episodes per task, each by its own pair. Default 10.'),
  filter: FilterPolicy.describe('Which sides of which episodes are learnt from.'),
  minimumRows: z
    .number()
    .int()
    .min(1)
    .default(1)
    .describe('The round stops when the filter keeps fewer. Default 1.'),
  training: TrainingRecipe.describe('How the policy is trained on the rows that were kept.'),
  checkpoint: CheckpointChoice.default({ choose: 'last' }).describe(
    'Which of the training’s checkpoints becomes the policy of the round. Default last.',
  ),
});
export type Round = z.infer<typeof Round>;

const Evaluation = z.strictObject({
  tasks: z.number().int().min(1).describe('Held-out tasks. The paper has 90.'),
  devTasks: z.number().int().min(0).default(0).describe('Tasks for choosing checkpoints. The paper has 10.'),
  pairsPerTask: z
    .number()
    .int()
    .min(1)
    .default(1)
    .describe('Pairs per task; each plays in both positions. Default 1.'),
  policies: z.array(Name).optional().describe('Which policies to evaluate; default: base and all rounds.'),
  references: z
    .array(z.enum(['expert']))
    .default(['expert'])
    .describe('Models evaluated beside the policies.'),
  hardShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.33)
    .describe(
      'Hard subset: this share of the tasks, those in which the expert reaches the lowest goal. Default 0.33.',
    ),
  bootstrapSamples: z
    .number()
    .int()
    .min(100)
    .default(2000)
    .describe('Resamplings for 95 % intervals, clustered by task.'),
});

const Gate = z.strictObject({
  before: z.string().describe('The stage that waits, by its id: `pi-loop plan` lists them.'),
  ask: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .describe('What a person is to look at before it may start, in at most 500 characters.'),
});
export type Gate = z.infer<typeof Gate>;

/** A training campaign: what a researcher chooses. */
export const CampaignSpec = z.strictObject({
  name: Name.describe('Id of the campaign, unless `start --id` gives another.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .describe('All randomness derives from it.'),
  models: z
    .strictObject({
      expert: DialogueModel.describe(
        'Plays both sides of BC’s episodes, and is evaluated beside the policies.',
      ),
      partner: DialogueModel.describe('Fixed partner of evaluations.'),
      judge: JudgeModel.describe('Rates every episode, both sides in one call.'),
      author: AuthorModel.optional().describe('Needed when tasks are generated.'),
    })
    .describe('The models that are asked, by role.'),
  policy: z
    .strictObject({
      template: TemplateName.default('sotopia-v1').describe(
        'Prompt and answer format, in training as in play. Default sotopia-v1.',
      ),
      sampling: Sampling.prefault({}).describe('How its answers are drawn.'),
      base: BasePolicy,
    })
    .describe('The model that is trained.'),
  tasks: TaskSources.describe('Where social tasks and characters come from: `generate`, `import`, or both.'),
  rounds: z.array(Round).min(1).describe('Collect, rate, filter, train: one after the other.'),
  episodes: EpisodeRules.prefault({}).describe('Rules of every conversation.'),
  evaluation: Evaluation.describe('How policies are compared.'),
  limits: Limits.prefault({}).describe('What the campaign stops at.'),
  prices: File.optional().describe(
    'A table of prices in YAML (date, source, models, gpus) that goes before the listed ones. Default: what PI_LOOP_PRICES names. Does not change results.',
  ),
  gates: z
    .array(Gate)
    .default([])
    .describe('Stages that start only once a person says so. Default none. Does not change results.'),
  execution: z
    .strictObject({
      episodesInFlight: z
        .number()
        .int()
        .min(1)
        .max(500)
        .default(64)
        .describe('Episodes of a stage played at once. Default 64. Does not change results.'),
      gpu: z
        .string()
        .min(1)
        .optional()
        .describe(
          'The kind of GPU that is rented, by its name in the table of prices: its seconds are booked at that price, and `plan` expects its speed. Default: none, GPU seconds cost nothing. Does not change results.',
        ),
    })
    .prefault({})
    .describe('How it is run.'),
});
export type CampaignSpec = z.infer<typeof CampaignSpec>;
