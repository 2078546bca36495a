import type { ModelSpec } from '../../schemas/model';

/** What an endpoint offers, as far as asking it a few short questions tells. */
export interface Capabilities {
  /** The name that the model answers with. */
  snapshot: string;
  fingerprint: string | null;
  /** Keeps an answer to a JSON schema, whatever the prompt says. */
  jsonSchema: boolean;
  /** Takes a seed. */
  seed: boolean;
  logProbabilities: boolean;
  /** Tells the tokens of a call. */
  usage: boolean;
  /** Tells how many of them came from its prompt cache. */
  cachedTokens: boolean;
  /** Has a Batch API; null: it could not be told. */
  batches: boolean | null;
}

/** What to change before a campaign can start, and what may be worth knowing. */
export interface Verdict {
  lacks: string[];
  advice: string[];
}

/**
 * Does an endpoint offer what the campaign file asks of it?
 * @param role the model's key in the file
 * @param model as the plan has it, and whether its questions go by batches
 */
export function checkCapabilities(
  role: string,
  model: ModelSpec & { isBatched?: boolean },
  offered: Capabilities,
): Verdict {
  const path = `models.${role}`;
  const usesSchema = model.structuredOutput === 'schema';
  const answersInForm = role === 'judge' || role === 'author';
  const lacks = [
    usesSchema &&
      !offered.jsonSchema &&
      `${path}.structuredOutput: the endpoint does not keep to a JSON schema. Set it to text.`,
    model.seeded !== false &&
      !offered.seed &&
      `${path}.seeded: the endpoint refuses a seed. Set it to false; the same call may then be answered in other ways.`,
    model.isBatched &&
      offered.batches === false &&
      `${path}.batch: the endpoint has no Batch API that takes this key. Take it out; each question is then asked directly.`,
  ];
  const advice = [
    answersInForm &&
      !usesSchema &&
      offered.jsonSchema &&
      `${path}.structuredOutput: schema would keep its answers readable.`,
    !model.simulated &&
      offered.snapshot !== model.model &&
      `${path}.model answers as ${offered.snapshot}: where that can be asked for by name, no other will answer.`,
    !offered.usage && `${path}: the endpoint tells no tokens, so that costs cannot be counted.`,
  ];
  return { lacks: said(lacks), advice: said(advice) };
}

const said = (texts: (string | false | undefined)[]): string[] =>
  texts.filter((text) => typeof text === 'string');
