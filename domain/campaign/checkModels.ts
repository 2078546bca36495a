import type { CampaignSpec } from '../../schemas/campaign';
import type { ModelArchitecture, TrainingRecipe } from '../../schemas/training';
import { quoted } from './describeValue';
import type { Path, SpecIssue } from './specIssue';

const MODEL: Path = ['policy', 'base', 'pretrain', 'model'];
const RECIPE: Path = ['policy', 'base', 'pretrain', 'recipe'];

/** Does a base that starts from random weights fit what is asked of it? Of a given folder only training will tell. */
export function checkModels(spec: CampaignSpec): SpecIssue[] {
  const { base } = spec.policy;
  if (!('pretrain' in base)) return [];
  const { model, recipe } = base.pretrain;
  return [
    ...checkHeads(model),
    ...checkTemplate(spec, model),
    ...checkAnswerLength(spec, model),
    ...checkMethod(recipe),
    ...checkLength(model, recipe, RECIPE),
    ...spec.rounds.flatMap(({ training }, index) =>
      checkLength(model, training, ['rounds', index, 'training']),
    ),
  ];
}

/** Rotary positions turn pairs of numbers, so a head needs an even count of them. */
function checkHeads({ hiddenSize, heads }: ModelArchitecture): SpecIssue[] {
  if (hiddenSize % (2 * heads) === 0) return [];
  return [
    {
      path: [...MODEL, 'hiddenSize'],
      found: String(hiddenSize),
      expected: `a multiple of ${2 * heads}: an even size for each of ${heads} heads`,
      related: [[...MODEL, 'heads']],
    },
  ];
}

function checkTemplate({ policy }: CampaignSpec, { chatTemplate }: ModelArchitecture): SpecIssue[] {
  if (policy.template === chatTemplate) return [];
  return [
    {
      path: ['policy', 'template'],
      found: quoted(policy.template),
      expected: `${quoted(chatTemplate)}, the chat template of policy.base.pretrain.model`,
      related: [[...MODEL, 'chatTemplate']],
    },
  ];
}

function checkAnswerLength({ policy }: CampaignSpec, { contextLength }: ModelArchitecture): SpecIssue[] {
  if (policy.sampling.maxTokens < contextLength) return [];
  return [
    {
      path: ['policy', 'sampling', 'maxTokens'],
      found: String(policy.sampling.maxTokens),
      expected: `fewer than the model's contextLength of ${contextLength}, since the prompt needs room too`,
      related: [[...MODEL, 'contextLength']],
    },
  ];
}

function checkMethod({ method, objective }: TrainingRecipe): SpecIssue[] {
  const issue = (name: 'method' | 'objective', found: string, expected: string): SpecIssue => ({
    path: [...RECIPE, name],
    found: quoted(found),
    expected,
  });
  return [
    ...(method === 'full'
      ? []
      : [issue('method', method, '"full": an adapter on random weights learns nothing')]),
    ...(objective === 'sft'
      ? []
      : [issue('objective', objective, '"sft": rows of a corpus have no ratings')]),
  ];
}

function checkLength(
  { contextLength }: ModelArchitecture,
  { maxLength }: TrainingRecipe,
  path: Path,
): SpecIssue[] {
  if (maxLength <= contextLength) return [];
  return [
    {
      path: [...path, 'maxLength'],
      found: String(maxLength),
      expected: `at most the model's contextLength of ${contextLength}`,
      related: [[...MODEL, 'contextLength']],
    },
  ];
}
