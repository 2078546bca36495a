import { Episode } from '../../schemas/episode';

/** Says of an object's bytes whether they hold what is to be forgotten. */
export type Needle = (bytes: Buffer, digest: string | null) => boolean;

/** A text as it is, as JSON writes it once or twice, and as Python's JSON writes it; also within base64 of envelopes and histories. */
export function textNeedle(text: string): Needle {
  const json = (value: string) => JSON.stringify(value).slice(1, -1);
  const ascii = json(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const forms = [...new Set([text, json(text), json(json(text)), ascii, json(ascii)])].map((form) =>
    Buffer.from(form),
  );
  const holds = (bytes: Buffer) => forms.some((form) => bytes.includes(form));
  return (bytes) => holds(bytes) || encodedIn(bytes).some(holds);
}

/** The conversation of an episode, its rating, and the training rows made of it; not the indexes that only name it. */
export function episodeNeedle(id: string): Needle {
  const quoted = JSON.stringify(id);
  const own = Buffer.from(quoted);
  return (bytes) => {
    if (!bytes.includes(own)) return false;
    return bytes
      .toString('utf8')
      .split('\n')
      .some((line) => line.includes(quoted) && isAbout(line, id));
  };
}

export const digestNeedle =
  (wanted: string): Needle =>
  (_bytes, digest) =>
    digest === wanted;

function isAbout(line: string, id: string): boolean {
  const value = jsonOf(line);
  if (value === null || typeof value !== 'object') return false;
  const { data: episode } = Episode.safeParse(value);
  if (episode) return episode.id === id;
  const isRating = 'kind' in value && ('reasoning' in value || 'answer' in value);
  const isRow = 'position' in value && !('keep' in value);
  return 'episode' in value && value.episode === id && (isRating || isRow);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What stands in members `payload` and `data`: signed documents, and payloads in Temporal's histories. */
const encodedIn = (bytes: Buffer): Buffer[] =>
  [...bytes.toString('latin1').matchAll(/"(?:payload|data)":\s*"([A-Za-z0-9+/]{8,}={0,2})"/g)].map(
    ([, encoded = '']) => Buffer.from(encoded, 'base64'),
  );
