/** What a model's name may ask for behind a `+`, to test how callers cope. */
export interface Faults {
  /** Answers with prose that holds no JSON. */
  readonly prose: boolean;
  /** Answers with nothing. */
  readonly empty: boolean;
  /** Refuses, as the API shows it: no content, a `refusal`. */
  readonly refusal: boolean;
  /** Percent of answers that cannot be read: JSON is cut in half, plain text is empty. */
  readonly malformedPercent: number;
  /** Milliseconds before the answer. */
  readonly latencyMs: number;
  /** HTTP status to fail with. */
  readonly status: number | undefined;
}

const NONE: Faults = {
  prose: false,
  empty: false,
  refusal: false,
  malformedPercent: 0,
  latencyMs: 0,
  status: undefined,
};

export const PROSE = 'Well, that depends. Let me think about it for a while before I say anything definite.';
export const REFUSAL = "I'm sorry, but I can't help with that.";

/** Names to show in the list of models. */
export const FAULT_EXAMPLES = [
  'prose',
  'empty',
  'refusal',
  'malformed:5',
  'latency:200',
  'status:503',
] as const;

/** Splits `simulated-judge+malformed:5+latency:200` into name and faults; `undefined` if a fault is unknown. */
export function parseModelName(model: string): { name: string; faults: Faults } | undefined {
  const [name = '', ...suffixes] = model.split('+');
  let faults = NONE;
  for (const suffix of suffixes) {
    const fault = parseFault(suffix);
    if (!fault) return undefined;
    faults = { ...faults, ...fault };
  }
  return { name, faults };
}

function parseFault(suffix: string): Partial<Faults> | undefined {
  const [kind, value] = suffix.split(':');
  const number = value !== undefined && /^\d{1,5}$/.test(value) ? Number(value) : undefined;
  if (value === undefined) {
    if (kind === 'prose' || kind === 'empty' || kind === 'refusal') return { [kind]: true };
    return undefined;
  }
  if (number === undefined) return undefined;
  if (kind === 'malformed' && number <= 100) return { malformedPercent: number };
  if (kind === 'latency') return { latencyMs: number };
  if (kind === 'status' && number >= 400 && number <= 599) return { status: number };
  return undefined;
}
