import { judgeEpisode } from '../activities/conversation/judge';
import { createPatience } from '../activities/conversation/patience';
import { Conversations } from '../activities/conversation/playConversation';
import { createEnvironment } from '../activities/support/environment';
import type { Endpoint } from '../activities/models/endpoint';
import { LanguageModels } from '../activities/models/languageModels';
import { type AskModel, askDirectly } from '../activities/models/modelAccess';
import { fetchPolicy } from '../activities/support/policyFiles';
import { startTrainer, trainerEnvironment, type TrainerRuntime } from '../activities/support/trainerProcess';
import type { FolderSource } from '../artifacts/directories';
import type { Episode, Turn } from '../schemas/episode';
import type { Rating } from '../schemas/rating';
import { ChatError } from './chatError';
import { answerOf, type Person } from './person';
import type { Scene } from './scene';
import { Servers, startSimulator } from './servers';

export interface ChatSettings {
  folders: FolderSource;
  trainer: Omit<TrainerRuntime, 'environment'>;
  /** The simulator's built entry. */
  simulator: string;
  /** Addresses and keys that the campaign names. */
  variables: Readonly<Record<string, string | undefined>>;
  person: Person;
  /** Breaks it off, with its reason. */
  signal: AbortSignal;
  /** What is being done or waited for. */
  tell(text: string): void;
}

export interface Chat {
  episode: Episode;
  rating: Rating;
}

const SIMULATOR = 'PI_LOOP_SIMULATOR_URL';

/**
 * Serves the policy, plays the scene with the person by the code that plays episodes of campaigns, and has it rated by
 * the campaign's judge. Whatever it started has ended when it returns. Errors: ChatError, ARTIFACT_*, MODEL_*,
 * CONFIGURATION_MISSING, the signal's reason.
 */
export async function talk(scene: Scene, settings: ChatSettings): Promise<Chat> {
  const servers = new Servers(settings.signal);
  try {
    const variables = await withSimulator(scene, settings, servers);
    const endpoint = await servePolicy(scene, settings, servers);
    const models = new LanguageModels(createEnvironment(variables));
    try {
      return await playAndRate(scene, settings, { models, endpoint, signal: servers.signal });
    } finally {
      await models.close();
    }
  } finally {
    await servers.stop();
  }
}

async function withSimulator(
  { cast }: Scene,
  { variables, simulator }: ChatSettings,
  servers: Servers,
): Promise<ChatSettings['variables']> {
  const { judge } = cast.design;
  if (variables[SIMULATOR] || !judge.baseUrl.includes(`\${${SIMULATOR}}`)) return variables;
  const { baseUrl } = await servers.start('simulator', startSimulator(simulator));
  return { ...variables, [SIMULATOR]: baseUrl };
}

async function servePolicy(
  { policy }: Scene,
  { folders, variables, tell, ...settings }: ChatSettings,
  servers: Servers,
): Promise<Endpoint> {
  tell(`Starting policy ${policy.slice(0, 12)} …`);
  const trainer = { ...settings.trainer, environment: trainerEnvironment(variables) };
  const { directory, base } = await fetchPolicy(
    folders,
    { digest: { sha256: policy } },
    trainer,
    servers.signal,
  );
  const onBase = base ? ['--base', base] : [];
  const server = startTrainer(trainer, ['serve', '--policy', directory, ...onBase]);
  const { baseUrl, digest } = await servers.start('policy server', server);
  if (digest !== policy) throw new ChatError(`The server loaded ${digest}, not policy ${policy}.`);
  return { baseUrl, apiKey: 'none', model: 'policy' };
}

async function playAndRate(
  { cast }: Scene,
  { person, tell }: ChatSettings,
  { models, endpoint, signal }: { models: LanguageModels; endpoint: Endpoint; signal: AbortSignal },
): Promise<Chat> {
  const turns: Turn[] = [];
  const patiently = createPatience(signal, (waiting) => waiting && tell(waiting.message));
  const conversations = new Conversations({
    models,
    policies: { endpointOf: async () => endpoint, forget: () => undefined },
  });
  const askModel: AskModel = async () => {
    person.hear(turns);
    return answerOf(await person.act());
  };
  const episode = await conversations.play({ cast, turns, signal, patiently, askModel });
  person.hear(turns);
  tell(`The judge ${cast.design.judge.model} reads …`);
  const ask: AskModel = (question) => askDirectly(models, question);
  return { episode, rating: await judgeEpisode(ask, { cast, episode, signal, patiently }) };
}
