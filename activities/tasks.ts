import { Context } from '@temporalio/activity';
import { uniteModels } from '../domain/plan/answeringModels';
import { type Author, prepareTasks as prepareTaskSet, TASK_FORM, type TaskTexts } from '../domain/tasks';
import type { ArtifactRef } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import type { Batching } from '../schemas/model';
import type { AnsweringModel, Usage } from '../schemas/modelCall';
import type { ParametersOf, StageCost } from '../schemas/plan';
import type { TaskSet } from '../schemas/profiles';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { AuthorJournal } from './support/authorJournal';
import { failure } from './support/failures';
import type { Waiting } from './conversation/patience';
import type { AskModel, ModelAccess } from './models/modelAccess';
import { recordCall } from './models/recordCall';
import { FREE, type Plans, type StageOutcome, type StageWork } from './support/stageWork';

export interface TaskDependencies {
  store: ArtifactStore;
  plans: Plans;
  access: ModelAccess;
}

const PROMPTS_AT_ONCE = 32;

export function createTaskActivities({ store, plans, access }: TaskDependencies) {
  return {
    /**
     * Makes the campaign's task set: imports, generates, screens, and fills disjoint splits.
     * Errors: TASKS_EXHAUSTED, SPEC_INVALID, MODEL_*, STORAGE_*.
     */
    async prepareTasks(work: StageWork): Promise<StageOutcome> {
      const parameters = await plans.parameters('prepareTasks', work);
      const journal = await AuthorJournal.open(store, work.key);
      const progress = { accepted: 0, wanted: 0, waiting: null as Waiting | null };
      const stopTelling = journal.keepTelling(() => ({ ...progress, answered: journal.answered }));
      try {
        const texts = await textsOf(parameters);
        const { batching } = await plans.load(work.plan);
        const prepared = await access.whileUsed(await plans.account(work), (ask) =>
          prepareTaskSet(parameters, texts, {
            author: authorOf(
              parameters,
              (question) => ask({ ...question, tell: (waiting) => Object.assign(progress, { waiting }) }),
              batching?.author,
            ),
            // What waits for a batch waits for it together.
            concurrency: batching?.author ? Number.POSITIVE_INFINITY : PROMPTS_AT_ONCE,
            resumeFrom: journal.resumeFrom,
            onProgress: ({ entry, accepted, wanted }) => {
              journal.add(entry);
              Object.assign(progress, { accepted, wanted });
            },
          }),
        );
        const report = await store.putJson(prepared.report, 'task-report.json', MEDIA_TYPES.taskReport);
        if (!prepared.ok)
          throw failure(
            prepared.failure.code,
            `${prepared.failure.message}. ${prepared.failure.hint} Report: ${report.uri}`,
          );
        const { generated, findings } = prepared.report;
        return {
          outputs: { tasks: await store.putJson(prepared.taskSet, 'tasks.json', MEDIA_TYPES.tasks), report },
          counts: {
            tasks: prepared.taskSet.tasks.length,
            generated: generated.accepted,
            findings: findings.length,
          },
          cost: costOf(prepared.report.generated),
          models: uniteModels([authorsOf(prepared.taskSet)]),
        };
      } catch (error) {
        await journal.save().catch(() => undefined);
        throw error;
      } finally {
        stopTelling();
      }
    },
  };

  async function textsOf({
    agents,
    relationships,
    generate,
    import: imported,
  }: ParametersOf<'prepareTasks'>): Promise<TaskTexts> {
    const text = (ref: ArtifactRef) => store.getText(ref);
    const optional = async (ref: ArtifactRef | null) => (ref ? text(ref) : null);
    return {
      agents: await text(agents),
      relationships: await optional(relationships),
      generate: generate && {
        pools: await Promise.all(generate.pools.map(({ file }) => text(file))),
        examples: await text(generate.examples),
        excludeKeywords: await optional(generate.excludeKeywords),
      },
      import: imported && {
        environments: await text(imported.environments),
        pairs: await optional(imported.pairs),
      },
    };
  }

  function authorOf(
    { generate }: ParametersOf<'prepareTasks'>,
    ask: AskModel,
    batching: Batching | undefined,
  ): Author {
    return async (messages, seed) => {
      if (!generate)
        throw failure('SPEC_INVALID', 'Tasks are to be generated, but the campaign has no tasks.generate.');
      const { author } = generate;
      const { cancellationSignal: signal } = Context.current();
      const completion = await ask({
        model: author,
        role: 'author',
        messages,
        seed,
        signal,
        form: TASK_FORM,
        batching,
      });
      const { snapshot, promptDigest, usage } = recordCall(author.model, messages, [completion]);
      return { text: completion.text, snapshot, promptDigest, usage };
    };
  }
}

const authorsOf = ({ tasks }: TaskSet): AnsweringModel[] =>
  tasks.flatMap(({ provenance }) => (provenance.kind === 'generated' ? [provenance] : []));

const costOf = ({ attempts, usage }: { attempts: number; usage: Usage }): StageCost => ({
  ...FREE,
  calls: attempts,
  ...usage,
});
