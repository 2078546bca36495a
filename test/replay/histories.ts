import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';

export const CORPUS = join(__dirname, 'histories');

const Started = z.looseObject({
  workflowExecutionStartedEventAttributes: z.looseObject({
    workflowId: z.string(),
    input: z.looseObject({ payloads: z.tuple([z.looseObject({ data: z.base64() })]) }),
  }),
});
const History = z.looseObject({ events: z.tuple([Started], z.looseObject({ eventType: z.string() })) });

/** One recorded workflow: its release and part, its id when it ran, and its history. */
export interface StoredHistory {
  name: string;
  workflowId: string;
  text: string;
  history: unknown;
  /** JSON of what it was started with. */
  input: string;
}

/** Every history in the corpus, of all releases. */
export function storedHistories(): StoredHistory[] {
  const files = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  );
  return files.sort().map((file) => {
    const text = readFileSync(join(CORPUS, file), 'utf8');
    const history = History.parse(JSON.parse(text));
    const { workflowId, input } = history.events[0].workflowExecutionStartedEventAttributes;
    const started = Buffer.from(input.payloads[0].data, 'base64').toString('utf8');
    return { name: relative('.', file), workflowId, text, history, input: started };
  });
}

/** The decoded JSON of all payloads in a history, as one text: what base64 hides from a search. */
export function payloadsOf(text: string): string[] {
  const payloads: string[] = [];
  JSON.parse(text, (member, value: unknown) => {
    if (member === 'data' && typeof value === 'string')
      payloads.push(Buffer.from(value, 'base64').toString('utf8'));
    return value;
  });
  return payloads;
}
