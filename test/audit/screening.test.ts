import { screen } from '../../audit/screening';

const kindsIn = (text: string): string[] => screen(text, 'text').map(({ kind }) => kind);
/** Put together here, so that no scanner takes this file for a leak. */
const SEED = 'a8Kd02mQz7Lw4XpR9tVb6NcY1sHf3JgE5uToI';

describe('finds secrets', () => {
  it.each([
    ['AWS access key', `id AKIA${'Q7'.repeat(8)} here`],
    ['GitHub token', `ghp_${SEED}`],
    ['GitHub token', `github_pat_${SEED}`],
    ['GitLab token', `glpat-${SEED.slice(0, 20)}`],
    ['Google API key', `AIza${SEED.slice(0, 35)}`],
    ['model provider key', `"Authorization: sk-proj-${SEED}"`],
    ['model provider key', `sk-ant-api03-${SEED}`],
    ['model provider key', `gsk_${SEED}`],
    ['Hugging Face token', `hf_${'abcDEFghiJ'.repeat(3)}kLMn`],
    ['Slack token', `xoxb-${SEED.slice(0, 24)}`],
    ['Stripe key', `sk_live_${SEED.slice(0, 24)}`],
    ['npm token', `npm_${SEED.slice(0, 36)}`],
    ['JSON Web Token', `eyJ${SEED}.eyJ${SEED}.${SEED}`],
    ['private key', '-----BEGIN PRIVATE KEY-----'],
    ['private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn'],
    ['bearer token', `authorization: Bearer ${SEED.slice(0, 24)}`],
    ['password in an address', 'postgres://admin:hunter22@db.internal/x'],
    ['value that looks like a secret', `{"wandb_api_key": "${SEED}"}`],
    ['value that looks like a secret', `{"text":"my \\"token\\": \\"${SEED}\\""}`],
    ['value that looks like a secret', `export DB_PASSWORD=${SEED}`],
  ])('%s', (kind, text) => {
    expect(kindsIn(text)).toEqual([kind]);
  });
});

describe('finds personal data', () => {
  it.each([
    ['e-mail address', 'write to jane.doe+x@uni-bonn.de, please'],
    ['phone number', 'call +49 228 1234567'],
    ['phone number', 'call +44 20 7946 0958 now'],
    ['phone number', 'call (412) 268-3042'],
    ['IBAN', 'to DE89 3704 0044 0532 0130 00 today'],
    ['IBAN', 'to GB29NWBK60161331926819'],
    ['payment card number', 'pay with 4012 8888 8888 1881'],
    ['payment card number', '"371449635398431"'],
    ['IP address', 'from 8.8.4.4.'],
    ['IP address', 'from 2a00:1450:4001:82a::200e'],
  ])('%s: %s', (kind, text) => {
    expect(kindsIn(text)).toEqual([kind]);
  });
});

describe('leaves alone', () => {
  it.each([
    [
      'agents, their ages and secrets',
      'Donovan Reeves, 27, software developer. "secret": "Donovan secretly sells his employer\'s plans"',
    ],
    [
      'digests next to the word key',
      `{"key":"${'0123456789abcdef'.repeat(4)}","keyid":"${'ab'.repeat(32)}"}`,
    ],
    [
      'settings',
      '{"tokenizer":"char","maxTokens":256,"apiKeyEnv":"OPENAI_API_KEY","key": "bc/collect-evaluation-stage"}',
    ],
    ['scores and losses', '{"loss":0.4012888888881881,"step":4012888888881882,"lr":1.25e-05}'],
    ['times and seeds', '2026-11-25T06:25:20.123Z seed 2147483647 12:30:45'],
    ['a card number with a wrong check digit', '4012 8888 8888 1882'],
    ['an IBAN with wrong check digits', 'DE88 3704 0044 0532 0130 00'],
    ['addresses of nobody', 'me@example.com, 127.0.0.1, 10.1.2.3, ::1, fe80::1:2:3:4, 412-555-0123'],
    ['versions and code', 'v1.2.3.4 std::vector sk-learn-is-a-library-name-of-some-length'],
    ['mentions', '@alice said: the token is important, the secret is out'],
  ])('%s', (_what, text) => {
    expect(screen(text, 'text')).toEqual([]);
  });
});

it('says where, and never repeats what it found', () => {
  const findings = screen(`one\ntwo ghp_${SEED} me@uni-bonn.de\n`, 'dataset.jsonl');
  expect(findings).toEqual([
    {
      category: 'secret',
      kind: 'GitHub token',
      where: 'dataset.jsonl',
      line: 2,
      column: 5,
      masked: 'ghp_… (41 characters)',
    },
    {
      category: 'personal',
      kind: 'e-mail address',
      where: 'dataset.jsonl',
      line: 2,
      column: 47,
      masked: 'me@u… (14 characters)',
    },
  ]);
});

it('finds nothing in training rows as campaigns write them, digests and numbers among them', () => {
  const row = `{"id":"${'3f'.repeat(32)}","messages":[{"role":"user","content":"Jack said: \\"I would pay 120.50, on 2026-11-25 at 10:30, not more.\\" turn #3"}],"goal":0.7512345678901}\n`;
  expect(screen(row.repeat(100), 'dataset.jsonl')).toEqual([]);
});
