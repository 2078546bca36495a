import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ModelShape, modelShapeOf } from '../domain/training/modelShape';
import type { CampaignSpec } from '../schemas/campaign';

/** Words of a policy's own vocabulary: those of its corpus, some hundreds. */
const WORDS = 1000;

/**
 * The size of a campaign's policies: of the model that it makes, or of the folder that it starts from; where that is
 * not there yet, by its name (`…-7B-…`) that of a Llama of so many parameters. Null where nothing says it.
 */
export async function policyShape(
  { policy: { base } }: CampaignSpec,
  folder: string | undefined,
): Promise<ModelShape | null> {
  if ('pretrain' in base) {
    const { hiddenSize, layers, feedForward } = base.pretrain.model;
    const own = { queries: hiddenSize, keys: hiddenSize, vocabulary: WORDS, tiedEmbeddings: true };
    return { hiddenSize, layers, feedForward, ...own };
  }
  const location = folder ?? base.directory;
  const config = await readFile(join(location, 'config.json'), 'utf8').catch(() => null);
  const shape = config === null ? null : modelShapeOf(JSON.parse(config));
  return shape ?? shapeNamed(basename(location));
}

function shapeNamed(name: string): ModelShape | null {
  const billions = Number(/(\d+(?:\.\d+)?)B\b/i.exec(name)?.[1] ?? Number.NaN);
  if (!Number.isFinite(billions)) return null;
  const layers = Math.max(1, Math.round((32 * billions) / 7.24));
  return {
    hiddenSize: 4096,
    layers,
    queries: 4096,
    keys: 1024,
    feedForward: 14336,
    vocabulary: 32000,
    tiedEmbeddings: false,
  };
}
