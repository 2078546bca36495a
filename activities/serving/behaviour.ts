import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { failure } from '../support/failures';
import type { ModelServer } from './modelServer';

/** For each of the fixed prompts, the log-probabilities of the likeliest first tokens of an answer, by token. */
export const Behaviour = z.array(z.record(z.string(), z.number()));
export type Behaviour = z.infer<typeof Behaviour>;

/** Part of what a record means: whoever changes them begins new records. */
const PROMPTS = [
  'You sell your old bicycle and want 100 dollars for it. A stranger offers you 60. What do you say?',
  'Your friend asks you to keep a secret from your sister. Do you promise it?',
  'no , i want 12 .',
];
/** The most that OpenAI's API gives, and vLLM unless it is told otherwise. */
const TOP = 20;

const Answer = z.object({
  choices: z.tuple([
    z.object({
      logprobs: z.object({
        content: z.tuple([
          z.object({ top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number() })) }),
        ]),
      }),
    }),
  ]),
});

/** Errors: POLICY_SERVER_FAILED. */
export async function behaviourOf(server: ModelServer, model: string): Promise<Behaviour> {
  return Promise.all(
    PROMPTS.map(async (content) => {
      const answer = await server.complete({
        model,
        messages: [{ role: 'user', content }],
        ...{ temperature: 0, max_tokens: 1, seed: 0, logprobs: true, top_logprobs: TOP },
      });
      const read = Answer.safeParse(answer);
      if (!read.success)
        throw failure(
          'POLICY_SERVER_FAILED',
          `The server at ${server.baseUrl} gives no log-probabilities, by which policy ${model} would be recognised. Start it so that it does (vLLM: --max-logprobs ${TOP} or more).`,
        );
      const [{ top_logprobs }] = read.data.choices[0].logprobs.content;
      return Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob]));
    }),
  );
}

/** The mean difference of log-probabilities that both have, in nats; infinite when they name other tokens altogether. */
export function differenceOf(one: Behaviour, other: Behaviour): number {
  const differences = one.flatMap((tokens, prompt) =>
    Object.entries(tokens).flatMap(([token, logprob]) => {
      const theirs = other[prompt]?.[token];
      return theirs === undefined ? [] : [Math.abs(logprob - theirs)];
    }),
  );
  const named = one.reduce((sum, tokens) => sum + Object.keys(tokens).length, 0);
  if (one.length !== other.length || differences.length * 2 < named) return Number.POSITIVE_INFINITY;
  return differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
}

/** Nats by which the same weights may differ between engines, kernels and precisions. */
const TOLERANCE = 0.1;

const behaviourKey = (digest: string): string => `serving/behaviour/${digest}.json`;

/** How policies behaved when they were first served by an engine that does not say what it has read. */
export class BehaviourRecords {
  constructor(private readonly store: ArtifactStore) {}

  /**
   * Makes a policy's record, or compares with it. Errors: POLICY_DIGEST_MISMATCH, STORAGE_*.
   * @returns whether there was a record to compare with
   */
  async compare(digest: string, behaviour: Behaviour): Promise<boolean> {
    const recorded = await this.store.getDocument(behaviourKey(digest), Behaviour);
    if (!recorded) {
      await this.store.putDocument(behaviourKey(digest), behaviour);
      return false;
    }
    const difference = differenceOf(recorded, behaviour);
    if (difference <= TOLERANCE) return true;
    throw failure(
      'POLICY_DIGEST_MISMATCH',
      `What is served as policy ${digest} answers otherwise than when it was first served: its log-probabilities differ by ${difference.toFixed(3)} nats on average, above ${TOLERANCE}. No turn is played by it.`,
    );
  }

  async has(digest: string): Promise<boolean> {
    return (await this.store.getDocument(behaviourKey(digest), Behaviour)) !== null;
  }
}
