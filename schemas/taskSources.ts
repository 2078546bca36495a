import { z } from 'zod';
import { File, Name } from './name';

const KeywordPool = z.strictObject({
  name: Name.describe('What reports call it.'),
  file: File.describe('One keyword (a seed sentence) a line.'),
});

/** Where social tasks and their characters come from. */
export const TaskSources = z
  .strictObject({
    profiles: z
      .strictObject({
        agents: File.describe('Sotopia AgentProfiles as JSONL.'),
        relationships: File.optional().describe('Sotopia RelationshipProfiles as JSONL.'),
      })
      .describe('The characters.'),
    generate: z
      .strictObject({
        pools: z
          .array(KeywordPool)
          .min(1)
          .describe('Drawn from in turn, one after the other. The paper has three.'),
        examples: File.describe('EnvironmentProfiles as JSONL; one is shown to the author with each prompt.'),
        excludeKeywords: File.optional().describe('Keywords of evaluation tasks, one a line; never used.'),
        attemptsPerTask: z
          .number()
          .int()
          .min(1)
          .default(8)
          .describe('Prompts tried for one task before the stage fails. Default 8.'),
        maxSimilarity: z
          .number()
          .gt(0)
          .max(1)
          .default(0.8)
          .describe(
            'Jaccard similarity of word trigrams from which a task counts as a near duplicate. Default 0.8.',
          ),
      })
      .optional()
      .describe('Social tasks by the author model.'),
    import: z
      .strictObject({
        environments: File.describe('Sotopia EnvironmentProfiles as JSONL.'),
        pairs: File.optional().describe(
          'Sotopia EnvAgentComboStorages as JSONL; without it pairs are sampled.',
        ),
        use: z
          .enum(['evaluation', 'training', 'both'])
          .default('both')
          .describe('Which splits imported tasks may fill. Default both.'),
      })
      .optional()
      .describe('Social tasks and characters of Sotopia’s own files (docs/importing.md).'),
  })
  .refine(
    (tasks) => tasks.generate !== undefined || tasks.import !== undefined,
    'give generate, import, or both',
  );
