import { createHash } from 'node:crypto';
import type { ProviderRequest } from './chatRequest';
import { TOKEN_BYTES } from './tokens';

/** OpenAI caches prompts of 1024 tokens and more, in steps of 128 (guide "Prompt caching"). */
const LEAST_TOKENS = 1024;
const STEP_TOKENS = 128;
/** Prefixes remembered; the longest unused go first. */
const MOST_PREFIXES = 200_000;

/** Remembers the beginnings of prompts, for each model and `prompt_cache_key`. */
export class PromptCache {
  private readonly prefixes = new Set<string>();

  /** @returns how many of the prompt's first tokens were remembered; the whole prompt is from now on */
  read({ model, messages, prompt_cache_key }: ProviderRequest): number {
    const prefixes = prefixesOf(
      `${model}\n${prompt_cache_key ?? ''}`,
      messages.map(({ role, content }) => `${role}\n${content}\n`).join(''),
    );
    let cached = 0;
    for (const { digest, tokens } of prefixes) {
      if (this.prefixes.delete(digest)) cached = tokens;
      this.prefixes.add(digest);
    }
    for (const oldest of this.prefixes) {
      if (this.prefixes.size <= MOST_PREFIXES) break;
      this.prefixes.delete(oldest);
    }
    return cached;
  }
}

/** Digests of a prompt's beginnings that are long enough, each of the one before and the next step. */
function prefixesOf(start: string, text: string): { digest: string; tokens: number }[] {
  const bytes = Buffer.from(text);
  const found: { digest: string; tokens: number }[] = [];
  let digest = start;
  const step = STEP_TOKENS * TOKEN_BYTES;
  for (let end = step; end <= bytes.length; end += step) {
    digest = createHash('sha256')
      .update(digest)
      .update(bytes.subarray(end - step, end))
      .digest('base64');
    const tokens = end / TOKEN_BYTES;
    if (tokens >= LEAST_TOKENS) found.push({ digest, tokens });
  }
  return found;
}
