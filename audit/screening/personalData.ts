import { BlockList, isIPv6 } from 'node:net';
import type { Pattern } from './pattern';

/** Personal data with a form of its own. */
export const PERSONAL_DATA: readonly Pattern[] = [
  {
    kind: 'e-mail address',
    expression: /(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])/g,
    isReal: isAnybodysAddress,
  },
  {
    kind: 'IBAN',
    expression: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])/g,
    isReal: hasIbanCheck,
  },
  {
    kind: 'payment card number',
    expression: /(?<![\w.+-])[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{1,4})?(?![\w-]|\.\d)/g,
    isReal: isCardNumber,
  },
  {
    kind: 'phone number',
    expression: /(?<![\w+.-])\+[1-9]\d{0,2}(?:[ .\-/]?\(?\d{1,5}\)?){2,6}(?![\w+]|\.\d)/g,
    isReal: isDialled,
  },
  {
    kind: 'phone number',
    expression: /(?<![\w+.-])\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-]|\.\d)/g,
    isReal: isDialled,
  },
  {
    kind: 'IP address',
    expression: /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g,
    isReal: isPublicIPv4,
  },
  {
    kind: 'IP address',
    expression: /(?<![\w:.])(?:[0-9a-f]{1,4}:{1,2}){3,7}[0-9a-f]{1,4}(?![\w:])/gi,
    isReal: isPublicIPv6,
  },
];

/** Names that RFC 2606 keeps for examples belong to nobody. */
function isAnybodysAddress(address: string): boolean {
  return !/[@.](?:example(?:\.(?:com|org|net))?|invalid|test|localhost)$/i.test(address);
}

/** ISO 13616: of lengths 15 to 34, 1 modulo 97. */
function hasIbanCheck(text: string): boolean {
  const iban = text.replaceAll(' ', '');
  if (iban.length < 15 || iban.length > 34) return false;
  const digits = `${iban.slice(4)}${iban.slice(0, 4)}`.replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  );
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

/** ISO/IEC 7812: the last digit is Luhn's. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19 || new Set(digits).size < 3) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** E.164 has up to 15 digits; 555-0100 to 555-0199 are kept for fiction. */
function isDialled(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  return digits.length >= 8 && digits.length <= 15 && !/55501\d\d$/.test(digits);
}

/** Addresses of RFC 6890 that are nobody's in particular: this machine, private networks, examples. */
const NOBODYS = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  NOBODYS.addSubnet(network, prefix);
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
] as const)
  NOBODYS.addSubnet(network, prefix, 'ipv6');

function isPublicIPv4(text: string): boolean {
  return text.split('.').every((part) => Number(part) <= 255) && !NOBODYS.check(text);
}

function isPublicIPv6(text: string): boolean {
  return /\d/.test(text) && isIPv6(text) && !NOBODYS.check(text, 'ipv6');
}
