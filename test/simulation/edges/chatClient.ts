import type { ClientOptions } from 'openai';
import { SimulatedProcess } from '../simulatedProcess';
import { answer, type Asking, type Question } from '../models';

/** Stands for activities/models/chatClient: the openai package's client without its transport. */
export function createChatClient({ baseURL }: ClientOptions) {
  const create = (question: Question, { signal }: Pick<Asking, 'signal'>) => {
    const process = SimulatedProcess.current;
    if (!process) throw new Error('nobody in the simulated world asks');
    return answer({ process, baseUrl: baseURL ?? '', signal }, question);
  };
  const createWithHeaders = (...asked: Parameters<typeof create>) => ({
    withResponse: async () => ({ data: await create(...asked), response: { headers: new Headers() } }),
  });
  return { chat: { completions: { create: createWithHeaders } } };
}
