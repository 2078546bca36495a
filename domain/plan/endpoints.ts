const OPENAI = /^https:\/\/api\.openai\.com(\/|$)/;
const AZURE =
  /^https:\/\/[a-z0-9-]+\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.com(\/|$)/;

/** OpenAI's models from before structured output (guide "Structured outputs", supported models). */
const WITHOUT_SCHEMAS = /^(gpt-3|gpt-4($|-)|gpt-4o-2024-05-13|chatgpt-|o1-mini|o1-preview)/;

/** Is it known, without asking, that answers can be kept to a JSON schema? On Azure a name tells nothing of its model. */
export const isKnownToOfferSchemas = (baseUrl: string, model: string): boolean =>
  OPENAI.test(baseUrl) && !WITHOUT_SCHEMAS.test(model);

/** OpenAI and Azure route prompts to their caches by `prompt_cache_key`; others may refuse what they do not know. */
export const takesPromptCacheKey = (baseUrl: string): boolean => OPENAI.test(baseUrl) || AZURE.test(baseUrl);
