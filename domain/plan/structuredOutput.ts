import type { ModelSpec } from '../../schemas/model';
import { isKnownToOfferSchemas } from './endpoints';

/**
 * The model as a plan has it: whether it answers under a JSON schema is decided once, by the campaign file alone, since
 * it belongs to what is asked. A plan says `schema` or nothing.
 */
export function withAnswerForm({ structuredOutput = 'auto', ...model }: ModelSpec): ModelSpec {
  const schema =
    structuredOutput === 'schema' ||
    (structuredOutput === 'auto' && isKnownToOfferSchemas(model.baseUrl, model.model));
  return schema ? { ...model, structuredOutput: 'schema' } : model;
}
