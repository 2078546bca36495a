import OpenAI from 'openai';
import { modelFailure } from '../../activities/models/modelFailures';

const asked = {
  model: 'gpt-4-0613',
  baseUrl: 'http://provider.test/v1',
  apiKey: 'key-of-the-test',
  apiKeyEnv: 'PROVIDER_KEY',
};

/** The failure that an answer of the provider is told as. */
const failureOf = (status: number, error: object) =>
  modelFailure(OpenAI.APIError.generate(status, { error }, undefined, new Headers()), asked);

describe('a quota that is used up is told apart from a rate that is limited', () => {
  test.each([
    [429, { code: 'insufficient_quota', type: 'insufficient_quota' }],
    [429, { code: null, type: 'insufficient_quota' }],
    [429, { code: 'billing_hard_limit_reached', type: 'invalid_request_error' }],
    [400, { code: 'billing_hard_limit_reached', type: 'invalid_request_error' }],
    [402, { message: 'Insufficient Balance' }],
  ])('%i %j', (status, error) => {
    expect(failureOf(status, error)).toMatchObject({
      type: 'MODEL_QUOTA_EXHAUSTED',
      nonRetryable: true,
      message: expect.stringMatching(
        /"gpt-4-0613" at http:\/\/provider.test\/v1 has no quota left.*top it up/,
      ),
    });
  });

  test('429 rate_limit_exceeded', () => {
    expect(failureOf(429, { code: 'rate_limit_exceeded', type: 'requests' })).toMatchObject({
      type: 'MODEL_RATE_LIMITED',
      nonRetryable: false,
    });
  });
});

test('a request that no limit would let in is not waited for', () => {
  const error = { code: 'rate_limit_exceeded', type: 'tokens', message: 'Request too large for gpt-4.' };
  expect(failureOf(429, error)).toMatchObject({
    type: 'MODEL_REQUEST_REFUSED',
    message: expect.stringContaining('Lower sampling.maxTokens'),
  });
});

describe('a model that was retired is told with a way on, and is never replaced', () => {
  test.each([
    [404, { code: 'model_not_found', message: 'The model has been deprecated.' }],
    [410, { message: 'Gone' }],
    [400, { code: 'model_decommissioned', message: 'The model is no longer supported.' }],
  ])('%i %j', (status, error) => {
    expect(failureOf(status, error)).toMatchObject({
      type: 'MODEL_NOT_FOUND',
      nonRetryable: true,
      message: expect.stringMatching(
        /"gpt-4-0613".*name another snapshot.*`pi-loop amend`.*No other model is put in its place/,
      ),
    });
  });
});

test('a refused key is told by the variable that holds it, and never itself', () => {
  const failure = failureOf(401, { message: 'Incorrect API key: key-of-the-test' });
  expect(failure.type).toBe('MODEL_UNAUTHORIZED');
  expect(failure.message).toContain('Set PROVIDER_KEY to a valid key where the workers start');
  expect(failure.message).not.toContain('key-of-the-test');
});
