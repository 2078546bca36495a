import { z } from 'zod';

/** What a batch's questions are asked of: the only one here. */
export const BATCH_ENDPOINT = '/v1/chat/completions';

const RequestLine = z.strictObject({
  custom_id: z.string().min(1),
  method: z.literal('POST'),
  url: z.literal(BATCH_ENDPOINT),
  body: z.looseObject({ model: z.string() }),
});
export type RequestLine = z.infer<typeof RequestLine>;

/** Why a file cannot be a batch; `line` counts from 1. */
export interface LineError {
  code: string;
  message: string;
  line: number | null;
}

const MOST_LINES = 50_000;

/** The questions of a batch's file, or what is wrong with it (OpenAI guide "Batch", error codes of validation). */
export function readLines(text: string): { lines: RequestLine[]; errors: LineError[] } {
  const texts = text.split('\n').filter((line) => line !== '');
  if (texts.length === 0) return failing('empty_file', 'The input file is empty.');
  if (texts.length > MOST_LINES) return failing('too_many_tasks', `At most ${MOST_LINES} requests a batch.`);
  const lines: RequestLine[] = [];
  const errors: LineError[] = [];
  const ids = new Set<string>();
  texts.forEach((line, index) => {
    const wrong = (code: string, message: string) => errors.push({ code, message, line: index + 1 });
    const parsed = RequestLine.safeParse(jsonOf(line));
    if (!parsed.success) wrong('invalid_json_line', 'This line is not parseable as a request.');
    else if (ids.has(parsed.data.custom_id)) wrong('duplicate_custom_id', 'This custom_id is used twice.');
    else if (lines[0] && lines[0].body.model !== parsed.data.body.model)
      wrong('mismatched_model', 'All requests of a batch must name the same model.');
    else lines.push(parsed.data);
    if (parsed.success) ids.add(parsed.data.custom_id);
  });
  return { lines, errors };
}

const failing = (code: string, message: string) => ({ lines: [], errors: [{ code, message, line: null }] });

/** Undefined when it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
