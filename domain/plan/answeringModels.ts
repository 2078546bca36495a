import type { AnsweringModel, ModelCall } from '../../schemas/modelCall';

/** Each pair of model and snapshot once, sorted. */
export function uniteModels(lists: readonly (readonly AnsweringModel[])[]): AnsweringModel[] {
  const byName = new Map(
    lists.flat().map(({ model, snapshot }) => [JSON.stringify([model, snapshot]), { model, snapshot }]),
  );
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, model]) => model);
}

/**
 * Models that answered these calls; policies, which are known by their digests, are not among them, nor who never
 * answered because a filter stopped all prompts.
 */
export const answeringModels = (calls: readonly (ModelCall | undefined)[]): AnsweringModel[] =>
  uniteModels([
    calls
      .filter((call) => call !== undefined)
      .filter(({ servedDigest, snapshot }) => servedDigest === undefined && snapshot !== ''),
  ]);
