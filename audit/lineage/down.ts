import { CONTESTANT } from '../../domain/episode/design';
import { Results } from '../../schemas/evaluation';
import { DialogueRow } from '../../schemas/training';
import { datasetsOf } from '../find/findSubjects';
import type { Subject } from '../find/subject';
import type { Archive, EpisodePlace } from '../index/archive';
import { member } from '../index/lines';
import type { AuditedStage } from '../readCampaign';
import { inputOf, outputOf } from '../readManifest';
import { type LineageNode, node } from './node';
import { decisionNode, decisionsOf, episodeNode, ratingNode, turnNode } from './steps';
import { mainOutput } from './up';

/** What came of something, up to the scores that it had a part in. */
export async function lineageDown(archive: Archive, subject: Subject): Promise<LineageNode> {
  const stages = new StagesDown(archive);
  switch (subject.kind) {
    case 'turn': {
      const { place, number } = subject;
      const episode = await archive.episode(place);
      return turnNode(place, episode, number, [await ratedDown(archive, stages, place)]);
    }
    case 'episode':
      return episodeNode(subject.place, await archive.episode(subject.place), [
        await ratedDown(archive, stages, subject.place),
      ]);
    case 'rating':
      return ratedDown(archive, stages, subject.place);
    case 'row': {
      const text = `teaches side ${subject.row.position} of ${subject.row.episode}`;
      return node('row', subject.row.id, text, [await stages.stage(subject.stage)]);
    }
    case 'stage':
    case 'manifest':
    case 'artifact':
    case 'file':
      return stages.stage(subject.stage, 'role' in subject ? subject.role : undefined);
    case 'score': {
      const evaluation = archive.campaign.stages.find(({ id }) => id === `evaluate/${subject.policy}`);
      return evaluation ? stages.stage(evaluation) : node('score', subject.policy, 'not evaluated yet');
    }
    case 'round': {
      const collect = archive.campaign.stages.find(({ id }) => id === `${subject.name}/collect`);
      return collect ? stages.stage(collect) : node('round', subject.name, 'has collected nothing yet');
    }
    case 'plan':
      return node(
        'plan',
        subject.digest,
        `followed by campaign ${archive.campaign.id}`,
        archive.campaign.stages.map(({ id, key }) => node('stage', id, `key ${key.slice(0, 12)}`)),
      );
    case 'entry':
      return node('entry', subject.entry.head.digest, 'named by the entry behind it');
    case 'blob':
      return node('blob', subject.digest, 'no finished stage of the campaign read it');
  }
}

/** A rated episode → the decisions on its sides, or the evaluation it counts in. */
async function ratedDown(archive: Archive, stages: StagesDown, place: EpisodePlace): Promise<LineageNode> {
  const rating = await archive.rating(place);
  if (place.stage.kind === 'evaluatePolicy') {
    const position = place.row.players[0] === CONTESTANT ? 0 : 1;
    const evaluation = await stages.stage(place.stage);
    const counted = rating.kind === 'rated' ? `counts with side ${position}` : 'counts as unrated';
    return ratingNode(place, rating, [{ ...evaluation, text: `${counted} in ${evaluation.text}` }]);
  }
  const index = outputOf(place.stage.manifest.statement, 'episodes');
  const filters = datasetsOf(archive).filter(
    ({ stage }) => inputOf(stage.manifest.statement, 'episodes') === index,
  );
  const decided = await Promise.all(
    filters.map(({ stage }) => decidedDown(archive, stages, stage, place.row.id)),
  );
  return ratingNode(place, rating, decided.flat());
}

async function decidedDown(
  archive: Archive,
  stages: StagesDown,
  filter: AuditedStage,
  episode: string,
): Promise<LineageNode[]> {
  const { statement } = filter.manifest;
  const decisions = await decisionsOf(archive, outputOf(statement, 'decisions') ?? '', episode);
  const rows = await archive.rowsHolding(
    outputOf(statement, 'dataset') ?? '',
    member('episode', episode),
    DialogueRow,
  );
  return Promise.all(
    decisions.map(async (decision) => {
      const taught = rows.filter(({ position }) => position === decision.position);
      const [first] = taught;
      if (!first) return decisionNode(decision, []);
      const text = `${taught.length === 1 ? '1 row' : `${taught.length} rows`} of ${filter.result.counts['rows']}`;
      return decisionNode(decision, [node('row', first.id, text, [await stages.stage(filter)])]);
    }),
  );
}

/** Stages and what read their outputs; each is followed once. */
class StagesDown {
  private readonly followed = new Set<string>();

  constructor(private readonly archive: Archive) {}

  async stage(stage: AuditedStage, role = mainOutput(stage)): Promise<LineageNode> {
    const digest = outputOf(stage.manifest.statement, role) ?? null;
    const kind = stage.kind === 'trainPolicy' ? 'checkpoint' : role;
    const text = `${role} of ${stage.id}`;
    if (stage.kind === 'compareEvaluations') return node('results', digest, 'the result table');
    if (this.followed.has(stage.id)) return node(kind, digest, `${text}: see above`);
    this.followed.add(stage.id);
    const next: LineageNode[] = [];
    for (const reader of this.readersOf(stage)) next.push(await this.reader(stage, reader));
    return node(kind, digest, text, next);
  }

  private async reader(stage: AuditedStage, reader: AuditedStage): Promise<LineageNode> {
    if (stage.kind !== 'evaluatePolicy') return this.stage(reader);
    const results = await this.stage(reader);
    return { ...results, next: await this.scoresOf(stage, results.id) };
  }

  private async scoresOf({ id }: AuditedStage, results: string | null): Promise<LineageNode[]> {
    if (results === null) return [];
    const name = id.replace(/^evaluate\//, '');
    const { all } = await this.archive.json(results, Results);
    const goal = all.policies.find(({ policy }) => policy === name)?.metrics['goal'];
    if (!goal) return [];
    return [
      node('score', name, `goal ${goal.mean.toFixed(2)} [${goal.low.toFixed(2)}, ${goal.high.toFixed(2)}]`),
    ];
  }

  private readersOf({ id }: AuditedStage): AuditedStage[] {
    const { plan, stages } = this.archive.campaign;
    const readers = plan.plan.stages.filter(({ inputs }) =>
      Object.values(inputs).some(({ stage }) => stage === id),
    );
    return readers.flatMap((reader) => stages.find((stage) => stage.id === reader.id) ?? []);
  }
}
