import { ApplicationFailure, Context } from '@temporalio/activity';
import { ModelSpec } from '../schemas/model';
import { PARKING_FAILURE_TYPES, PROBED_FAILURE_TYPES } from '../schemas/names';
import { whileAlive } from './support/heartbeat';
import type { LanguageModels } from './models/languageModels';
import { askDirectly } from './models/modelAccess';
import type { Plans, StageWork } from './support/stageWork';

export interface ProbeDependencies {
  plans: Plans;
  models: LanguageModels;
}

const QUESTION = [{ role: 'user' as const, content: 'Are you there?' }];

export function createProbeActivities({ plans, models }: ProbeDependencies) {
  return {
    /**
     * Asks each model that a parked stage talks to one short question. Errors: those that keep the stage parked
     * (MODEL_QUOTA_EXHAUSTED, MODEL_UNAUTHORIZED, …); a model that only dislikes the question is there.
     */
    async probeModels({ plan, stage }: Pick<StageWork, 'plan' | 'stage'>): Promise<void> {
      const { parameters } = await plans.stage(plan, stage);
      const { cancellationSignal: signal } = Context.current();
      for (const spec of modelsIn(parameters)) {
        const question = { model: spec, messages: QUESTION, seed: 0, signal };
        const ask = () => askDirectly(models, question);
        await whileAlive(() => null, ask).catch((error: unknown) => {
          if (!isDislike(error)) throw error;
        });
      }
    },
  };
}

function isDislike(error: unknown): boolean {
  const type = error instanceof ApplicationFailure ? (error.type ?? '') : '';
  return PARKING_FAILURE_TYPES.includes(type) && !PROBED_FAILURE_TYPES.includes(type);
}

/** Every model specification anywhere in a stage's parameters, each once. */
function modelsIn(parameters: unknown): ModelSpec[] {
  const found = new Map<string, ModelSpec>();
  const look = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    const spec = ModelSpec.safeParse(value).data;
    if (spec) found.set(`${spec.baseUrl} ${spec.model} ${spec.apiKeyEnv}`, spec);
    else Object.values(value).forEach(look);
  };
  look(parameters);
  return [...found.values()];
}
