const OPENAI =
  /^https:\/\/(api\.openai\.com|[a-z0-9-]+\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.com)(\/|$)/;

/** OpenAI's own API or Azure's: they are known to offer JSON schemas and to route by `prompt_cache_key`. */
export const isHostedByOpenAi = (baseUrl: string): boolean => OPENAI.test(baseUrl);
