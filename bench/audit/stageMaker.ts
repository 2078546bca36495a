import { FREE, type StageOutcome } from '../../activities/support/stageWork';
import { designEpisodes, type DesignParameters } from '../../domain/episode/design';
import { Cast, trainingRows } from '../../domain/episode/trainingRows';
import { filterEpisodes } from '../../domain/filter';
import { sidesOf } from '../../domain/filter/sidesOf';
import { compareEvaluations, summariseEvaluation } from '../../domain/statistics';
import { evaluationRows } from '../../domain/statistics/evaluationRows';
import type { ArtifactRef } from '../../schemas/artifact';
import { type CollectedEpisode, Episode, type Player } from '../../schemas/episode';
import type { Evaluation } from '../../schemas/evaluation';
import { MEDIA_TYPES } from '../../schemas/names';
import { type Stage, STAGE_PARAMETERS, type StagePlayer } from '../../schemas/plan';
import type { TaskSet } from '../../schemas/profiles';
import type { BucketFolder } from './bucketFolder';
import { type Sizes, taskSetOf } from './campaignSpec';
import { playAll } from './conversations';

type Inputs = Record<string, ArtifactRef>;

/** Makes what each stage of a campaign leaves, from what the stages before it left. */
export class StageMaker {
  private taskSet: TaskSet = taskSetOf([]);
  private readonly collected = new Map<string, CollectedEpisode[]>();
  private readonly evaluations = new Map<string, Evaluation>();

  constructor(
    private readonly bucket: BucketFolder,
    private readonly sizes: Sizes,
  ) {}

  make({ id, kind, parameters }: Stage, inputs: Inputs): StageOutcome {
    switch (kind) {
      case 'importPolicy':
        return {
          outputs: { policy: STAGE_PARAMETERS.importPolicy.parse(parameters).directory },
          counts: {},
          cost: FREE,
        };
      case 'prepareTasks':
        return this.tasks(parameters);
      case 'trainPolicy':
        return this.policy(id);
      case 'collectEpisodes': {
        const { players, ...play } = STAGE_PARAMETERS.collectEpisodes.parse(parameters);
        const [first, second] = players;
        return this.play(
          { ...play, mode: 'together', players: [playerOf(first, inputs), playerOf(second, inputs)] },
          inputs,
        );
      }
      case 'evaluatePolicy':
        return this.evaluate(parameters, inputs);
      case 'filterEpisodes':
        return this.filter(parameters, inputs);
      case 'compareEvaluations':
        return this.compare(parameters, inputs);
      default:
        throw new Error(`the campaign of this bench has no stage of kind ${kind}`);
    }
  }

  private tasks(parameters: unknown): StageOutcome {
    const { splits } = STAGE_PARAMETERS.prepareTasks.parse(parameters);
    this.taskSet = taskSetOf(splits);
    const tasks = this.bucket.json(this.taskSet, 'tasks.json', MEDIA_TYPES.tasks);
    return { outputs: { tasks }, counts: { tasks: this.taskSet.tasks.length }, cost: FREE };
  }

  private policy(id: string): StageOutcome {
    const config = this.bucket.blob(`{"trained":"${id}"}`, 'config.json', MEDIA_TYPES.binary);
    const files = [{ name: 'config.json', bytes: config.bytes, sha256: config.digest.sha256 }];
    const policy = this.bucket.json({ files }, 'policy', MEDIA_TYPES.directory);
    const { uri: _uri, ...kept } = policy;
    const checkpoints = this.bucket.json(
      [{ step: 100, policy: kept }],
      'checkpoints.json',
      MEDIA_TYPES.checkpoints,
    );
    return { outputs: { policy, checkpoints }, counts: { step: 100 }, cost: { ...FREE, gpuSeconds: 1 } };
  }

  private play(parameters: DesignParameters, inputs: Inputs): StageOutcome {
    const design = designEpisodes(parameters, this.taskSet, digestOf(inputs, 'tasks'));
    const rows = playAll(this.bucket, design, this.taskSet);
    const episodes = this.bucket.jsonLines(rows, 'episodes.jsonl', MEDIA_TYPES.episodes);
    this.collected.set(episodes.digest.sha256, rows);
    const calls = rows.length * (this.sizes.turns + 1);
    return {
      outputs: { episodes },
      counts: { episodes: rows.length, unrated: 0 },
      cost: { calls, inputTokens: 200 * calls, outputTokens: 20 * calls, gpuSeconds: 0 },
      models: [{ model: 'judge', snapshot: 'judge-2026-11' }],
    };
  }

  private evaluate(parameters: unknown, inputs: Inputs): StageOutcome {
    const { name, contestant, partner, ...play } = STAGE_PARAMETERS.evaluatePolicy.parse(parameters);
    const played = this.play(
      {
        ...play,
        mode: 'both-positions',
        contestant: playerOf(contestant, inputs),
        partner: { kind: 'model', ...partner },
      },
      inputs,
    );
    const index = played.outputs['episodes'];
    const rows = this.collected.get(index?.digest.sha256 ?? '') ?? [];
    const summary = summariseEvaluation(name, evaluationRows(rows));
    const evaluation = this.bucket.json(summary, 'evaluation.json', MEDIA_TYPES.evaluation);
    this.evaluations.set(evaluation.digest.sha256, summary);
    return { ...played, outputs: { ...played.outputs, evaluation } };
  }

  private filter(parameters: unknown, inputs: Inputs): StageOutcome {
    const { filter, seed, template } = STAGE_PARAMETERS.filterEpisodes.parse(parameters);
    const collected = this.collected.get(digestOf(inputs, 'episodes')) ?? [];
    const decisions = filterEpisodes(sidesOf(collected), filter, seed);
    const kept = decisions.filter(({ keep }) => keep);
    const digests = new Map(collected.map(({ id, episode }) => [id, episode]));
    const cast = new Cast(this.taskSet);
    const rows = kept.flatMap(({ episode, position }) => {
      const played = Episode.parse(JSON.parse(this.bucket.read(digests.get(episode) ?? '').toString('utf8')));
      return trainingRows(played, position, cast, template) ?? [];
    });
    return {
      outputs: {
        decisions: this.bucket.jsonLines(decisions, 'decisions.jsonl', MEDIA_TYPES.decisions),
        dataset: this.bucket.jsonLines(rows, 'dataset.jsonl', MEDIA_TYPES.dataset),
      },
      counts: {
        sides: decisions.length,
        kept: kept.length,
        unrated: 0,
        tied: decisions.filter(({ tied }) => tied).length,
        rows: rows.length,
      },
      cost: FREE,
    };
  }

  private compare(parameters: unknown, inputs: Inputs): StageOutcome {
    const settings = STAGE_PARAMETERS.compareEvaluations.parse(parameters);
    const evaluations = [...settings.policies, ...settings.references].flatMap(
      (name) => this.evaluations.get(digestOf(inputs, name)) ?? [],
    );
    const results = compareEvaluations({ evaluations, ...settings });
    return {
      outputs: { results: this.bucket.json(results, 'results.json', MEDIA_TYPES.results) },
      counts: {},
      cost: FREE,
    };
  }
}

function digestOf(inputs: Inputs, role: string): string {
  const input = inputs[role];
  if (!input) throw new Error(`a stage has no input ${role}`);
  return input.digest.sha256;
}

function playerOf(player: StagePlayer, inputs: Inputs): Player {
  if (player.kind === 'model') return player;
  const { input, ...settings } = player;
  return { ...settings, digest: digestOf(inputs, input) };
}
