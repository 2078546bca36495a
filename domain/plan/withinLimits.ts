import { z } from 'zod';
import type { StageResult } from '../../schemas/plan';

const Limited = z.object({ unratedShare: z.number() });

/** A result that another campaign allowed may have more unrated episodes than this one's limit: it is looked at anew. */
export function isWithinLimits({ counts }: StageResult, parameters: unknown): boolean {
  const limit = Limited.safeParse(parameters).data?.unratedShare ?? 1;
  return (counts['unrated'] ?? 0) <= Math.floor((counts['episodes'] ?? 0) * limit);
}
