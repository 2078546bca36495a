import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { type MinuteLimits, ProviderSettings } from '../../../schemas/rateLimit';
import type { Environment } from '../../support/environment';
import type { LimitedModel } from './limitDocument';

export interface AccountLimits extends MinuteLimits {
  /** Calls under way at once in a worker; null: to be found. */
  callsAtOnce: number | null;
}

/** What the user says of accounts with providers. */
export type LimitsOfModel = (model: LimitedModel) => AccountLimits;

/** Errors: an Error that names what is wrong with the file. */
export function readProviderSettings(file: string | undefined): ProviderSettings {
  if (file === undefined) return { providers: [] };
  try {
    return ProviderSettings.parse(parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`The settings of providers in ${file} (PI_LOOP_PROVIDERS) cannot be used:\n${reason}`);
  }
}

/** Of several entries that fit, those that say more about a model come first, and the last of equal ones. */
export function limitsFrom({ providers }: ProviderSettings, environment: Environment): LimitsOfModel {
  const precise = (one: (typeof providers)[number]) => (one.model ? 2 : 0) + (one.apiKeyEnv ? 1 : 0);
  const ordered = [...providers].sort((a, b) => precise(a) - precise(b));
  return ({ baseUrl, address, apiKeyEnv, model }) => {
    const limits: AccountLimits = { requests: null, tokens: null, callsAtOnce: null };
    for (const one of ordered) {
      const fits =
        (one.baseUrl === baseUrl || environment.resolve(one.baseUrl) === address) &&
        (one.model ?? model) === model &&
        (one.apiKeyEnv ?? apiKeyEnv) === apiKeyEnv;
      if (!fits) continue;
      limits.requests = one.requestsPerMinute ?? limits.requests;
      limits.tokens = one.tokensPerMinute ?? limits.tokens;
      limits.callsAtOnce = one.callsAtOnce ?? limits.callsAtOnce;
    }
    return limits;
  };
}
