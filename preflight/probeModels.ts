import { ApplicationFailure } from '@temporalio/common';
import { createUndiciFetch } from '../activities/models/undiciFetch';
import { createEnvironment } from '../activities/support/environment';
import { type Capabilities, checkCapabilities, type Verdict } from '../domain/campaign/checkCapabilities';
import { askedModel, formAnsweringModel } from '../domain/plan/askedModel';
import type { CampaignSpec } from '../schemas/campaign';
import type { ModelSpec } from '../schemas/model';
import { probeModel } from './probeModel';

/** One model of a campaign, as it answered. */
export interface ProbedModel extends Verdict {
  role: string;
  model: string;
  baseUrl: string;
  /** Null when it could not be asked: then `failure` says why. */
  capabilities: Capabilities | null;
  failure: { type: string; message: string } | null;
}

interface PlannedModel {
  role: string;
  model: ModelSpec;
  isBatched: boolean;
}

const CONNECTIONS = 16;

/**
 * Asks each model of a campaign what it offers, and compares that with what the campaign asks of it.
 * @param variables that the models' addresses and keys name
 */
export async function probeModels(
  { models }: CampaignSpec,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ProbedModel[]> {
  const environment = createEnvironment(variables);
  const { fetch, close } = createUndiciFetch(CONNECTIONS);
  const planned = Object.entries(models).flatMap(([role, spec]) =>
    spec
      ? [{ role, model: plannedModel(role, spec), isBatched: 'batch' in spec && Boolean(spec.batch) }]
      : [],
  );
  try {
    return await Promise.all(planned.map(probe));
  } finally {
    await close();
  }

  async function probe({ role, model, isBatched }: PlannedModel): Promise<ProbedModel> {
    const who = { role, model: model.model, baseUrl: model.baseUrl };
    try {
      const capabilities = await probeModel(model, environment, fetch);
      return {
        ...who,
        capabilities,
        failure: null,
        ...checkCapabilities(role, { ...model, isBatched }, capabilities),
      };
    } catch (error) {
      const failure = failureOf(error);
      // It is there, and refuses what the campaign would send.
      const lacks = failure.type === 'MODEL_REQUEST_REFUSED' ? [failure.message] : [];
      return { ...who, capabilities: null, failure, lacks, advice: [] };
    }
  }
}

/** A model of the file as the plan has it. */
const plannedModel = (role: string, spec: ModelSpec): ModelSpec =>
  role === 'judge' || role === 'author' ? formAnsweringModel(spec) : askedModel(spec);

const failureOf = (error: unknown): { type: string; message: string } => {
  if (error instanceof ApplicationFailure) return { type: error.type ?? '', message: error.message };
  throw error;
};
