/** Calls that an endpoint is asked at once by one worker, and how that came to be. */
export interface Concurrency {
  limit: number;
  /** Before the last rise; null when the limit did not rise since it was last judged. */
  before: { limit: number; perSecond: number } | null;
  /** Spans until more is tried again. */
  rests: number;
  /** True once the endpoint was overloaded: from then on the limit rises in small steps. */
  careful: boolean;
}

/** What happened in a span of time, long enough that about as many calls ended as may be under way. */
export interface Span {
  ms: number;
  answered: number;
  /** Calls that were not answered: 5xx, lost connections, no answer in time. */
  failed: number;
  /** Calls waited because of the limit. */
  full: boolean;
}

/** Enough for most endpoints, and what no search goes below: only overload does. */
const FIRST = 32;
const LEAST = 1;
/** An endpoint of which more fails is overloaded; one that answers nothing at all is away. */
const OVERLOADED = 0.05;
/** What is left of the limit after a span in which the endpoint was overloaded. */
const LEFT = 0.7;
/** A rise is kept when it brought this part of what it would have brought at best. */
const WORTH_IT = 0.2;
/** Spans of rest after a rise that brought nothing. */
const REST = 20;

export const firstConcurrency = (): Concurrency => ({ limit: FIRST, before: null, rests: 0, careful: false });

/**
 * The limit after a span: doubled for as long as that brings more answers a second, taken back when it does not, and
 * tried again after a while; cut when the endpoint is overloaded, and raised by an eighth from then on. A limit at
 * which no call waits stays as it is.
 */
export function adapt(concurrency: Concurrency, { ms, answered, failed, full }: Span): Concurrency {
  const { limit, before, rests, careful } = concurrency;
  const perSecond = (1_000 * answered) / ms;
  if (answered === 0) return { ...concurrency, before: null };
  if (failed > OVERLOADED * (answered + failed)) {
    const left = Math.max(LEAST, Math.floor(LEFT * limit));
    return { limit: left, before: null, rests: 0, careful: true };
  }
  if (before) {
    const atBest = limit / before.limit;
    const gain = perSecond / before.perSecond;
    if (full && gain < 1 + WORTH_IT * (atBest - 1))
      return { limit: before.limit, before: null, rests: REST, careful };
  }
  if (!full) return { ...concurrency, before: null };
  if (rests > 0) return { ...concurrency, before: null, rests: rests - 1 };
  const higher = careful ? limit + Math.ceil(limit / 8) : 2 * limit;
  return { limit: higher, before: { limit, perSecond }, rests: 0, careful };
}
