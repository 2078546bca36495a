/**
 * The JSON object in a model's answer, or undefined. Models wrap objects in code fences or a sentence; the text from
 * the first `{` to the last `}` is taken, and nothing is repaired.
 */
export function extractJson(answer: string): unknown {
  const start = answer.indexOf('{');
  const end = answer.lastIndexOf('}');
  if (start < 0 || end <= start) return undefined;
  try {
    return JSON.parse(answer.slice(start, end + 1));
  } catch {
    return undefined;
  }
}
