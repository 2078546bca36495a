import { z } from 'zod';

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const Content = z.union([
  z.string(),
  z.array(TextPart).transform((parts) => parts.map((part) => part.text).join('')),
]);

/** One message of a chat; a developer's message counts as the system's. */
const Message = z.object({
  role: z
    .enum(['system', 'developer', 'user', 'assistant'])
    .transform((role) => (role === 'developer' ? 'system' : role)),
  content: Content,
});

export type ChatMessage = z.infer<typeof Message>;

/** What is read of a chat completion request (OpenAI API reference, "Create chat completion"). */
export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  seed: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  n: z.literal(1, 'this server gives one choice').nullish(),
  stream: z.literal(false, 'this server does not stream').nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** What an answer depends on, besides the model's name. */
export interface Question {
  readonly messages: readonly ChatMessage[];
  readonly seed: number | null;
  readonly temperature: number | null;
}
