import { probeModels } from '../preflight/probeModels';
import type { CampaignSpec } from '../schemas/campaign';
import { CommandError } from './commandError';
import { inert } from './render/inert';
import { variablesOf } from './variables';

/**
 * Asks the models of a campaign what they offer, before anything starts. One that cannot be asked from here may be
 * there for the workers, which have the keys and wait for it; that is only said.
 * Errors: CommandError when a model lacks what the file asks of it.
 */
export async function checkModels(spec: CampaignSpec, state: string): Promise<void> {
  const models = await probeModels(spec, variablesOf(state));
  const lacks = models.flatMap((model) => model.lacks);
  if (lacks.length > 0) {
    const mistakes = lacks.map((lack) => `  ${lack}`).join('\n');
    const message = `Nothing was started: the models lack what the campaign file asks of them.\n${mistakes}\n\`pi-loop doctor FILE\` shows what they offer.`;
    throw new CommandError(inert(message), { exitCode: 2 });
  }
  for (const { role, failure } of models)
    if (failure) console.error(inert(`${role} could not be asked what it offers: ${failure.message}`));
}
