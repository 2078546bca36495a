import type { ChatMessage } from '../chatRequest';

/** Bytes of English text that make a token, on the average of OpenAI's tokenisers. */
export const TOKEN_BYTES = 4;
/** What a chat's form costs: tokens a message, and to begin the answer. */
const MESSAGE_TOKENS = 3;
const ANSWER_TOKENS = 3;

export const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / TOKEN_BYTES);

export const promptTokens = (messages: readonly ChatMessage[]): number =>
  messages.reduce((sum, { content }) => sum + tokensOf(content) + MESSAGE_TOKENS, ANSWER_TOKENS);

/** The first tokens of a text. */
export const firstTokens = (text: string, tokens: number): string =>
  Buffer.from(text)
    .subarray(0, Math.max(0, tokens) * TOKEN_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
