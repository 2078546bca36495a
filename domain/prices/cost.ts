import type { Usage } from '../../schemas/modelCall';
import type { TokenPrice } from '../../schemas/price';

const PICODOLLARS_A_NANODOLLAR = 1_000;

/** Tokens that a chat format adds, at most: to each message, and to the whole. */
const TOKENS_A_MESSAGE = 8;
const TOKENS_A_PROMPT = 32;

/** What a provider asks for these tokens, in nanodollars; a part of one counts as a whole. */
export function costOf(tokens: Usage, price: TokenPrice, batch = false): number {
  const { inputTokens, outputTokens, cachedTokens = 0, reasoningTokens = 0 } = tokens;
  const picodollars =
    (inputTokens - cachedTokens) * price.input +
    cachedTokens * price.cachedInput +
    (outputTokens - reasoningTokens) * price.output +
    reasoningTokens * price.reasoning;
  return Math.ceil((picodollars * (batch ? price.batchPercent : 100)) / (100 * PICODOLLARS_A_NANODOLLAR));
}

/**
 * The most that a call can cost, in nanodollars. A token is at least one byte of the prompt, so that the bytes bound
 * its tokens whatever the tokenizer; and the answer ends at its limit.
 * @param prompt the parts of the request that the model reads
 */
export function mostOf(
  prompt: readonly string[],
  maxTokens: number,
  price: TokenPrice,
  batch = false,
): number {
  const bytes = prompt.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  const inputTokens = bytes + prompt.length * TOKENS_A_MESSAGE + TOKENS_A_PROMPT;
  const dearest = {
    ...price,
    cachedInput: Math.max(price.input, price.cachedInput),
    input: Math.max(price.input, price.cachedInput),
    output: Math.max(price.output, price.reasoning),
  };
  return costOf({ inputTokens, outputTokens: maxTokens }, dearest, batch);
}

/** The least that such tokens can have cost: all of the input cached, and in a batch. */
export const leastOf = ({ inputTokens, outputTokens }: Usage, price: TokenPrice): number =>
  costOf(
    { inputTokens, outputTokens, cachedTokens: inputTokens },
    {
      ...price,
      cachedInput: Math.min(price.input, price.cachedInput),
      output: Math.min(price.output, price.reasoning),
    },
    true,
  );
