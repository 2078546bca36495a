import type { Pattern } from './pattern';

/** Forms as their providers document them; each begins with a fixed text, so that a long text is passed over quickly. */
export const SECRETS: readonly Pattern[] = [
  { kind: 'private key', expression: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g },
  { kind: 'AWS access key', expression: /(?<![A-Za-z0-9])A(?:KIA|SIA)[0-9A-Z]{16}(?![A-Za-z0-9])/g },
  { kind: 'GitHub token', expression: /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,}/g },
  { kind: 'GitHub token', expression: /github_pat_[A-Za-z0-9_]{22,}/g },
  { kind: 'GitLab token', expression: /glpat-[\w-]{20,}/g },
  { kind: 'Google API key', expression: /AIza[\w-]{35}(?![\w-])/g },
  { kind: 'Google OAuth token', expression: /(?<![A-Za-z0-9])ya29\.[\w-]{20,}/g },
  { kind: 'model provider key', expression: /(?<![\w-])sk-[A-Za-z0-9_-]{20,}/g, isReal: hasDigitsAndLetters },
  {
    kind: 'model provider key',
    expression: /(?<![\w-])(?:gsk_|xai-|r8_|pplx-|nvapi-|fw_)[\w-]{24,}/g,
    isReal: hasDigitsAndLetters,
  },
  { kind: 'Hugging Face token', expression: /(?<!\w)(?:hf|api_org)_[A-Za-z]{30,}(?!\w)/g },
  { kind: 'Slack token', expression: /xox[abeprs]-[A-Za-z0-9-]{10,}/g },
  { kind: 'Stripe key', expression: /(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g },
  { kind: 'npm token', expression: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/g },
  { kind: 'PyPI token', expression: /pypi-AgEI[\w-]{40,}/g },
  { kind: 'Azure storage key', expression: /AccountKey=[A-Za-z0-9+/]{86}==/g },
  { kind: 'JSON Web Token', expression: /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g },
  { kind: 'bearer token', expression: /[Bb]earer +(?<value>[\w.~+/-]{16,}=*)/g, isReal: hasDigitsAndLetters },
  {
    kind: 'password in an address',
    expression: /:\/\/[^\s:/@"'\\]{1,64}:(?<value>[^\s:/@"'\\]{3,128})@(?=[\w[])/g,
  },
  {
    kind: 'value that looks like a secret',
    expression:
      /(?:[Kk]ey|KEY|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Pp]asswo?r?d|PASSWO?R?D)[\\"']{0,4}\s{0,4}(?:[:=]|\bis\b)\s{0,4}[\\"']{0,4}(?<value>[\w+/.~-]{16,256}={0,2})/g,
    isReal: looksRandom,
  },
];

function hasDigitsAndLetters(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value);
}

/** Bits a character of a text drawn at random from hexadecimal digits has, less what shortness takes away. */
const RANDOM_BITS = 3.2;

/** Digests of artifacts are no secrets, and stand next to the word key often enough. */
function looksRandom(value: string): boolean {
  if (/^[0-9a-f]{64}$/.test(value)) return false;
  return hasDigitsAndLetters(value) && entropyOf(value) >= RANDOM_BITS;
}

/** Shannon entropy of a text's characters, bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum - share * Math.log2(share);
  }, 0);
}
