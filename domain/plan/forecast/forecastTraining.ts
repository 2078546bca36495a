import type { FilterPolicy } from '../../../schemas/filter';
import type { ParametersOf, Plan, Stage } from '../../../schemas/plan';
import type { AcceleratorName } from '../../training/accelerators';
import { estimateTraining } from '../../training/estimate';
import type { ModelShape } from '../../training/modelShape';
import { conductOf, typicalEpisodes } from './asking';
import { exactly, type Range, range } from './range';

/** Seconds of one device that a training takes; nothing where no dataset of this plan is behind it. */
export function trainingSeconds(
  plan: Plan,
  stage: Stage,
  shape: ModelShape,
  accelerator: AcceleratorName,
): Range {
  const { recipe } = stage.parameters as ParametersOf<'trainPolicy'>;
  const data = datasetOf(plan, stage);
  const at = (level: keyof Range) =>
    estimateTraining(recipe, shape, data.rows[level], data.tokens[level], accelerator).gpuSeconds;
  const [low, middle, high] = [at('low').low, at('expected'), at('high').high];
  // What is between an optimistic and a pessimistic guess of speed is nearer to the optimistic one.
  return { low, expected: Math.sqrt(middle.low * middle.high), high };
}

/** Rows and tokens that a filter leaves of the episodes before it. */
function datasetOf({ stages }: Plan, { inputs }: Stage): { rows: Range; tokens: Range } {
  const stageOf = (id: string | undefined) => stages.find((one) => one.id === id);
  const filtering = stageOf(inputs['dataset']?.stage);
  const collecting = stageOf(filtering?.inputs['episodes']?.stage);
  if (!filtering || !collecting) return { rows: exactly(1000), tokens: exactly(100_000) };
  const { filter, template } = filtering.parameters as ParametersOf<'filterEpisodes'>;
  const { rules, judge, players, pairsPerTask } = collecting.parameters as ParametersOf<'collectEpisodes'>;
  const models = players.map((player) => (player.kind === 'model' ? player.model : null));
  const conduct = conductOf([judge, ...models]);
  const [typical, turns] = [typicalEpisodes(conduct), conduct.turns(rules.maxTurns)];
  const kept = keptShare(filter, pairsPerTask);
  const sides = (level: keyof Range) => 2 * collecting.estimate.episodes * kept[level];
  const taught = (level: keyof Range) => typical[level].taught(template, turns[level]);
  return {
    rows: range((level) => sides(level) * taught(level).rows),
    tokens: range((level) => sides(level) * taught(level).tokens),
  };
}

/** Of all sides, what a filter keeps; where that depends on the scores, what it may be. */
function keptShare(filter: FilterPolicy, pairsPerTask: number): Range {
  switch (filter.policy) {
    case 'paper-bc': {
      const top = Math.min(1, filter.top / pairsPerTask);
      return { low: top, expected: Math.min(1, top + 0.1), high: Math.min(1, top + 0.5) };
    }
    case 'paper-sr':
    case 'random':
      return exactly(filter.share);
    case 'code-top1':
      return exactly(1 / pairsPerTask);
    case 'threshold':
      return { low: 0.1, expected: 0.5, high: 0.9 };
  }
}
