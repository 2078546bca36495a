import type { ModelSpec } from '../../schemas/model';
import { isKnownToOfferSchemas } from './endpoints';

/** A model as a campaign file has it: with what is decided around its answers, and how long they may take. */
type FileModel = ModelSpec & { template?: unknown; onSnapshotChange?: unknown; batch?: unknown };

/** What of a model in the file decides what it answers. */
export const askedModel = ({
  template: _template,
  onSnapshotChange: _policy,
  batch: _batch,
  ...model
}: FileModel): ModelSpec => model;

/**
 * A model that answers in a form, as a plan has it: whether it is kept to a JSON schema is decided once, by the campaign
 * file alone, since it belongs to what is asked. A plan says `schema` or nothing.
 */
export function formAnsweringModel(spec: FileModel): ModelSpec {
  const { structuredOutput = 'auto', ...model } = askedModel(spec);
  const schema =
    structuredOutput === 'schema' ||
    (structuredOutput === 'auto' && isKnownToOfferSchemas(model.baseUrl, model.model));
  return schema ? { ...model, structuredOutput: 'schema' } : model;
}
