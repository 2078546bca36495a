import type { Position } from '../../schemas/episode';

const HIDDEN_BLOCK = /<p\s+viewer=['"](?<viewer>[^'"]*)['"]\s*>(?<text>[\s\S]*?)<\/p>/g;
const TAG = /<\/?(?:extra_info|clarification_hint|strategy_hint|p|root)\b[^>]*>/g;

/**
 * Text as one viewer reads it: Sotopia marks with `<p viewer='agent_1'>` what only that side sees; hints inside a
 * goal keep their words and lose their tags. The judge reads everything.
 */
export function readAs(text: string, viewer: Position | 'judge'): string {
  const visible = text.replace(HIDDEN_BLOCK, (_block, audience: string, inner: string) =>
    viewer === 'judge' || audience === `agent_${viewer + 1}` ? inner : '',
  );
  return visible
    .replace(TAG, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
}
