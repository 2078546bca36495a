import { digestOfJson } from '../../artifacts/canonicalJson';
import { CONTESTANT } from '../../domain/episode/design';
import { viewOf } from '../../domain/episode/view';
import { judgePrompt } from '../../domain/prompts/judge';
import { templateNamed } from '../../domain/prompts/templates';
import type { Episode, Position, TemplateName } from '../../schemas/episode';
import type { ModelCall } from '../../schemas/modelCall';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import type { AgentProfile, SocialTask, TaskSet } from '../../schemas/profiles';
import type { Rating } from '../../schemas/rating';
import type { ChatMessage } from '../../schemas/training';
import type { Archive, EpisodePlace } from '../index/archive';
import type { AuditedStage } from '../readCampaign';

/** A model call as it was made: the prompt is rendered again and held against the digest that was kept. */
export interface RecordedCall {
  call: ModelCall;
  prompt: ChatMessage[];
  /** What the prompt's digest is now; the same as `call.promptDigest` unless the templates are others. */
  promptDigest: string;
  /** Null where the answer is not kept: of a rating, whose reading is. */
  answer: string | null;
}

/** The answer behind the last turn that could not be read counts as one. */
export const hasTurn = ({ turns, unreadAnswer }: Episode, number: number): boolean =>
  number < turns.length || (number === turns.length && unreadAnswer !== undefined);

/** The call that gave a turn; after the last turn the one that gave what could not be read. Undefined if there is none. */
export async function callOfTurn(
  archive: Archive,
  place: EpisodePlace,
  number: number,
): Promise<RecordedCall | undefined> {
  const episode = await archive.episode(place);
  const turn = episode.turns[number];
  const call = turn?.call ?? (number === episode.turns.length ? episode.unreadCall : undefined);
  if (!call) return undefined;
  const speaker: Position = number % 2 === 0 ? 0 : 1;
  const template = templateNamed(templateOf(place, speaker));
  const { task, agents } = castOf(await archive.taskSetOf(place.stage), episode);
  const prompt = template.prompt(viewOf(task, agents, speaker), episode.turns.slice(0, number));
  const answer = call.answer ?? (turn ? template.write(turn.action) : (episode.unreadAnswer ?? null));
  return { call, prompt, promptDigest: digestOfJson(prompt), answer };
}

/** The judge's call; undefined where no judge was asked. */
export async function callOfRating(archive: Archive, place: EpisodePlace): Promise<RecordedCall | undefined> {
  const [episode, rating] = await Promise.all([archive.episode(place), archive.rating(place)]);
  if (!rating.call) return undefined;
  const { task, agents } = castOf(await archive.taskSetOf(place.stage), episode);
  const prompt = judgePrompt(task, agents, episode.turns);
  return { call: rating.call, prompt, promptDigest: digestOfJson(prompt), answer: answerOf(rating) };
}

const answerOf = (rating: Rating): string | null =>
  rating.call?.answer ?? (rating.kind === 'unrated' ? rating.answer : null);

/** The task and the two profiles of an episode. Errors: when the task set lacks one of them. */
export function castOf(
  { tasks, agents }: TaskSet,
  episode: Pick<Episode, 'id' | 'task' | 'agents'>,
): { task: SocialTask; agents: [AgentProfile, AgentProfile] } {
  const task = tasks.find(({ id }) => id === episode.task);
  const [first, second] = episode.agents.map((id) => agents.find((agent) => agent.id === id));
  if (task && first && second) return { task, agents: [first, second] };
  throw new Error(`episode ${episode.id} names a task or an agent that its task set lacks`);
}

/** Which template addressed a side, as the stage's manifest says. */
function templateOf({ stage, row }: EpisodePlace, position: Position): TemplateName {
  const { parameters } = stage.manifest.statement.predicate.buildDefinition.externalParameters;
  if (stage.kind === 'collectEpisodes')
    return STAGE_PARAMETERS.collectEpisodes.parse(parameters).players[position].template;
  const { contestant, partner } = STAGE_PARAMETERS.evaluatePolicy.parse(parameters);
  return row.players[position] === CONTESTANT ? contestant.template : partner.template;
}

/** Who judged a stage's episodes. */
export function judgeOf({ manifest }: AuditedStage): string {
  const { parameters } = manifest.statement.predicate.buildDefinition.externalParameters;
  return (
    STAGE_PARAMETERS.collectEpisodes.pick({ judge: true }).loose().safeParse(parameters).data?.judge.model ??
    ''
  );
}
