import type { ProviderSettings } from './settings';

/** How an answer says when to come back: `retry-after` in whole seconds, `retry-after-ms` exactly. */
export function waitHeaders(retryAfter: ProviderSettings['retryAfter'], ms: number): Record<string, string> {
  const seconds = { 'retry-after': String(Math.ceil(ms / 1000)) };
  const milliseconds = { 'retry-after-ms': String(Math.ceil(ms)) };
  switch (retryAfter) {
    case 'both':
      return { ...seconds, ...milliseconds };
    case 'seconds':
      return seconds;
    case 'milliseconds':
      return milliseconds;
    case 'none':
      return {};
  }
}
