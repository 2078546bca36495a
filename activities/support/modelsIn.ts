import { Role } from '../../schemas/ledger';
import { ModelSpec } from '../../schemas/model';

export interface AskedModel {
  model: ModelSpec;
  role: Role;
}

/** Every model specification anywhere in a stage's parameters, each once, with what the stage asks it for first. */
export function modelsIn(parameters: unknown): AskedModel[] {
  const found = new Map<string, AskedModel>();
  const look = (value: unknown, role: Role): void => {
    if (value === null || typeof value !== 'object') return;
    const model = ModelSpec.safeParse(value).data;
    if (!model) {
      for (const [key, member] of Object.entries(value)) look(member, Role.safeParse(key).data ?? role);
      return;
    }
    const key = `${model.baseUrl} ${model.model} ${model.apiKeyEnv}`;
    if (!found.has(key)) found.set(key, { model, role });
  };
  // Who plays is not named by its role: it is the expert.
  look(parameters, 'expert');
  return [...found.values()];
}
