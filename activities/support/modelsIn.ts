import { ModelSpec } from '../../schemas/model';

/** Every model specification anywhere in a stage's parameters, each once. */
export function modelsIn(parameters: unknown): ModelSpec[] {
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
