import type OpenAI from 'openai';
import { readCompletion } from '../../activities/models/chatCompletion';

const asked = { model: 'm', baseUrl: 'http://router.test/v1', apiKey: 'none' };
const read = (answer: object) => () => readCompletion(answer as OpenAI.ChatCompletion, asked);

test.each([
  [402, 'MODEL_QUOTA_EXHAUSTED'],
  [429, 'MODEL_RATE_LIMITED'],
  ['502', 'MODEL_UNAVAILABLE'],
])('an answer 200 that tells of an error %s is that error', (code, type) => {
  expect(read({ error: { code, message: 'Provider returned error' } })).toThrow(
    expect.objectContaining({ type }),
  );
});

test('an answer without a choice, and without a reason, is tried again', () => {
  for (const answer of [{}, { choices: [] }, { error: 'odd' }])
    expect(read(answer)).toThrow(
      expect.objectContaining({ type: 'MODEL_ANSWER_EMPTY', nonRetryable: false }),
    );
});
