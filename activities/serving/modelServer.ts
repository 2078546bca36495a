import { z } from 'zod';
import { failure, reasonOf } from '../support/failures';

/** What `GET /v1/models` says of a model; `root`, `parent` as vLLM, `digest` as our own server. */
export const ModelCard = z.object({
  id: z.string(),
  digest: z.string().nullish(),
  root: z.string().nullish(),
  parent: z.string().nullish(),
});
export type ModelCard = z.infer<typeof ModelCard>;

const ModelList = z.object({ data: z.array(ModelCard) });
const ServerError = z.object({ error: z.object({ message: z.string() }) });

/** Weights may lie on a slow disk. */
const LOAD_TIMEOUT_MS = 600_000;
const ASK_TIMEOUT_MS = 30_000;

/** A server of models and adapters, by the routes of OpenAI and vLLM (docs.vllm.ai/en/latest/features/lora). */
export class ModelServer {
  constructor(
    readonly baseUrl: string,
    private readonly apiKey?: string,
  ) {}

  /** Errors: POLICY_SERVER_FAILED. */
  async models(): Promise<ModelCard[]> {
    const { status, text } = await this.send('GET', '/models');
    const list = ModelList.safeParse(jsonIn(text));
    if (list.success) return list.data.data;
    throw this.refused('lists no models', status, text);
  }

  async card(name: string): Promise<ModelCard | undefined> {
    return (await this.models()).find(({ id }) => id === name);
  }

  /** Loads an adapter's folder, which must stay as it is while it is served. Errors: POLICY_SERVER_FAILED. */
  async load(name: string, directory: string): Promise<void> {
    const there = await this.card(name);
    if (there?.root === directory) return;
    if (there) await this.unload(name);
    const { status, text } = await this.send('POST', '/load_lora_adapter', {
      lora_name: name,
      lora_path: directory,
    });
    if (status !== 200) throw this.refused(`does not load adapter ${name} from ${directory}`, status, text);
  }

  /** Errors: POLICY_SERVER_FAILED. */
  async unload(name: string): Promise<void> {
    const { status, text } = await this.send('POST', '/unload_lora_adapter', { lora_name: name });
    if (status !== 200 && status !== 404) throw this.refused(`does not unload adapter ${name}`, status, text);
  }

  /** The answer to a request as JSON. Errors: POLICY_SERVER_FAILED. */
  async complete(request: object): Promise<unknown> {
    const { status, text } = await this.send('POST', '/chat/completions', request);
    if (status !== 200) throw this.refused('does not answer', status, text);
    return jsonIn(text);
  }

  private async send(
    method: 'GET' | 'POST',
    route: string,
    body?: object,
  ): Promise<{ status: number; text: string }> {
    const timeout = method === 'GET' ? ASK_TIMEOUT_MS : LOAD_TIMEOUT_MS;
    try {
      const response = await fetch(`${this.baseUrl}${route}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(this.apiKey !== undefined && { authorization: `Bearer ${this.apiKey}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeout),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw failure(
        'POLICY_SERVER_FAILED',
        `The server at ${this.baseUrl} does not answer (${reasonOf(error)}). It is tried again.`,
        { cause: error },
      );
    }
  }

  private refused(what: string, status: number, text: string) {
    const said = ServerError.safeParse(jsonIn(text)).data?.error.message ?? text;
    return failure(
      'POLICY_SERVER_FAILED',
      `The server at ${this.baseUrl} ${what} (${status}): ${said.slice(0, 500)}`,
    );
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
