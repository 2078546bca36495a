import { createHash } from 'node:crypto';
import { ApiError } from '../apiError';
import { seededRandom } from '../random';
import type { ProviderRequest } from './chatRequest';
import type { Faults, ProviderSettings } from './settings';
import { waitHeaders } from './waitHeaders';

/** How long an overloaded model asks to be left alone. */
const OVERLOADED_MS = 1_000;

/** What is wrong with an answer that is given. */
export type FaultyAnswer = 'truncated' | 'refused' | 'filteredAnswer';

/**
 * Draws which calls go wrong. What a model says of a question is a property of the question; that a server fails is
 * not, so it is drawn anew each time the same question comes.
 */
export class FaultDraws {
  private readonly times = new Map<string, number>();

  constructor(private readonly settings: () => ProviderSettings) {}

  /** Errors: ApiError 500, 503, and 400 content_filter, as drawn. */
  draw(request: ProviderRequest): FaultyAnswer | null {
    const faults = this.settings().models[request.model]?.faults;
    if (!faults || Object.values(faults).every((share) => share === 0)) return null;
    const question = createHash('sha256').update(JSON.stringify(request)).digest('base64');
    const time = this.times.get(question) ?? 0;
    this.times.set(question, time + 1);
    this.failAsDrawn(faults, question, time);
    const wrong = ['refused', 'filteredAnswer', 'truncated'] as const;
    return wrong.find((fault) => this.hits(faults[fault], fault, question)) ?? null;
  }

  private failAsDrawn(faults: Faults, question: string, time: number): void {
    if (this.hits(faults.serverError, 'serverError', question, time))
      throw new ApiError(
        500,
        'server_error',
        'The server had an error while processing your request. Sorry about that!',
      );
    if (this.hits(faults.overloaded, 'overloaded', question, time)) {
      const wait = waitHeaders(this.settings().retryAfter, OVERLOADED_MS);
      const message = 'The engine is currently overloaded, please try again later.';
      throw new ApiError(503, 'server_overloaded', message, null, 'server_error', wait);
    }
    if (this.hits(faults.filteredPrompt, 'filteredPrompt', question)) throw filteredPrompt();
  }

  private hits(share: number, ...what: unknown[]): boolean {
    return share > 0 && seededRandom(this.settings().seed, ...what).chance(share);
  }
}

/** How Azure refuses a prompt (Azure OpenAI, "Content filtering"). */
export const filteredPrompt = (): ApiError =>
  new ApiError(
    400,
    'content_filter',
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
    'prompt',
  );
