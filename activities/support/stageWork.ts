import type { z } from 'zod';
import type { ArtifactRef } from '../../schemas/artifact';
import type { AnsweringModel } from '../../schemas/modelCall';
import {
  type ParametersOf,
  Plan,
  type StageCost,
  type StageKind,
  type Stage,
  STAGE_PARAMETERS,
} from '../../schemas/plan';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { BoundedCache } from '../../artifacts/boundedCache';
import type { Account } from '../models/budget/askWithinBudget';
import { stagesBehind } from '../../domain/plan/stagesBehind';
import { failure } from './failures';

/** What an activity that does a stage's work is given: where the plan lies, which stage, and its inputs. */
export interface StageWork {
  campaign: string;
  /** Digest of the plan. */
  plan: string;
  stage: string;
  key: string;
  inputs: Record<string, ArtifactRef>;
}

export interface StageOutcome {
  outputs: Record<string, ArtifactRef>;
  counts: Record<string, number>;
  cost: StageCost;
  /** Models that answered; none for stages that ask none. */
  models?: AnsweringModel[];
}

export const FREE: StageCost = { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 };

/** Looks stages up in the plans that lie in the store. */
export class Plans {
  private readonly loaded = new BoundedCache<Plan>(8);

  constructor(private readonly store: ArtifactStore) {}

  load(digest: string): Promise<Plan> {
    return this.loaded.get(digest, () => this.store.getJson(digest, Plan));
  }

  async stage(plan: string, id: string): Promise<Stage> {
    const stage = (await this.load(plan)).stages.find((one) => one.id === id);
    if (!stage) throw failure('SPEC_INVALID', `The plan ${plan} has no stage "${id}".`);
    return stage;
  }

  /** On which account a stage asks models. */
  async account({ campaign, plan, stage }: Pick<StageWork, 'campaign' | 'plan' | 'stage'>): Promise<Account> {
    const { limits, prices, snapshotPolicies, stages } = await this.load(plan);
    const priority = stagesBehind(stages, stage);
    return { campaign, stage, limits, prices, snapshotPolicies, priority };
  }

  /** The stage's parameters, parsed as those of `kind`. */
  async parameters<K extends StageKind>(
    kind: K,
    { plan, stage: id }: Pick<StageWork, 'plan' | 'stage'>,
  ): Promise<ParametersOf<K>> {
    const stage = await this.stage(plan, id);
    const schema: z.ZodType = STAGE_PARAMETERS[kind];
    const parsed = schema.safeParse(stage.parameters);
    if (stage.kind === kind && parsed.success) return parsed.data as ParametersOf<K>;
    throw failure(
      'SPEC_INVALID',
      `Stage "${id}" of plan ${plan} is no ${kind} that these workers know. Start workers of the version that planned it, or \`pi-loop amend\` the campaign with its file, so that it is planned anew.`,
    );
  }
}

/** An input of a stage by its role. */
export function inputOf({ inputs, stage }: StageWork, role: string): ArtifactRef {
  const input = inputs[role];
  if (!input) throw failure('SPEC_INVALID', `Stage "${stage}" lacks its input "${role}".`);
  return input;
}
