import { ApplicationFailure } from '@temporalio/workflow';
import type { UnratedEpisodes } from '../schemas/batch';

/** What each reason means. */
const MEANING = {
  'unparsable-episode': 'because an answer of a model that talks could not be read',
  'unreadable-answer': 'because the judge’s answer could not be read',
  'truncated-answer': 'because the judge’s answer was cut off at models.judge.sampling.maxTokens',
  refusal: 'because the judge or its provider’s filter refused',
} as const satisfies Record<keyof UnratedEpisodes['reasons'], string>;
const REASONS = Object.keys(MEANING) as (keyof typeof MEANING)[];

export const NONE_UNRATED: UnratedEpisodes = { count: 0, reasons: {}, example: null };

export const addUnrated = (sum: UnratedEpisodes, one: UnratedEpisodes): UnratedEpisodes => ({
  count: sum.count + one.count,
  reasons: Object.fromEntries(
    REASONS.map((reason) => [reason, (sum.reasons[reason] ?? 0) + (one.reasons[reason] ?? 0)]),
  ),
  example: sum.example ?? one.example,
});

interface Limits {
  stage: string;
  episodes: number;
  unratedLimit: number;
}

export function tooManyUnrated(
  { stage, episodes, unratedLimit }: Limits,
  { count, reasons, example }: UnratedEpisodes,
): ApplicationFailure {
  const why = REASONS.filter((reason) => reasons[reason]).map(
    (reason) => `${reasons[reason]} ${MEANING[reason]}`,
  );
  return ApplicationFailure.nonRetryable(
    `Stage ${stage}: ${count} episodes could not be rated, more than the ${unratedLimit} of ${episodes} that limits.unratedShare allows: ` +
      `${why.join(', ')}. One such answer: ${example}. Amend the campaign with a corrected model or template, or raise the limit: ` +
      'finished conversations are not played again for another judge.',
    'TOO_MANY_UNRATED',
  );
}
