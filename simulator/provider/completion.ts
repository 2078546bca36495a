import { createHash } from 'node:crypto';
import { seededRandom } from '../random';
import type { Usage } from './books';
import type { ProviderRequest } from './chatRequest';
import type { ModelSettings } from './settings';

interface Said {
  id: string;
  /** Seconds since 1970. */
  created: number;
  snapshot: string;
  content: string | null;
  refusal: string | null;
  finish: 'stop' | 'length' | 'content_filter';
  usage: Usage;
  request: ProviderRequest;
  settings: ModelSettings;
}

/** A chat completion object (API reference, "The chat completion object"), with what the model offers. */
export function completionOf({ request, settings: { capabilities }, ...said }: Said): object {
  const { id, created, snapshot, content, refusal, finish, usage } = said;
  const logprobs = request.logprobs === true ? logprobsOf(content ?? refusal ?? '') : null;
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created,
    model: snapshot,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal, annotations: [] },
        logprobs,
        finish_reason: finish,
      },
    ],
    ...(capabilities.usage && { usage: usageOf(usage, capabilities.cachedTokens) }),
    service_tier: 'default',
    ...(capabilities.fingerprint && { system_fingerprint: fingerprintOf(snapshot) }),
  };
}

const usageOf = ({ input, cached, output, reasoning }: Usage, tellsCached: boolean): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  ...(tellsCached && { prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 } }),
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const fingerprintOf = (snapshot: string): string =>
  `fp_${createHash('sha256').update(snapshot).digest('hex').slice(0, 10)}`;

/** Words as tokens, with log-probabilities that depend on the text alone. */
function logprobsOf(text: string): object {
  const random = seededRandom('logprobs', text);
  const content = (text.match(/\s*\S+/g) ?? []).map((token) => ({
    token,
    logprob: -random.next(),
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  return { content, refusal: null };
}
