import type { CampaignStatus } from '../../client/status';
import type { CampaignResult, StageProgress } from '../../workflows/messages';
import { TINY } from './campaignRuns';
import type { ControlledSystem, Ran, Spec } from './controlledSystem';
import { until } from './processes';

/** One round on few tasks: some seconds of training, a dozen conversations that take a moment. */
function makeSmall(spec: Spec): void {
  spec['models'].expert.model = 'simulated-expert+latency:100';
  spec['policy'].base.pretrain.corpus.url =
    '${PI_LOOP_SIMULATOR_URL}/corpora/poor-dialogues?episodes=200&seed=1';
  const [round] = spec['rounds'];
  spec['rounds'] = [{ ...round, tasks: 3, pairsPerTask: 4 }];
  spec['evaluation'] = { tasks: 2, bootstrapSamples: 100 };
}

export const said = ({ code, output, errors }: Ran) => ({ code, text: `${output}\n${errors}` });

/** Small campaigns as users start, watch and steer them: on the command line. */
export class SmallCampaigns {
  constructor(
    private readonly system: ControlledSystem,
    private readonly pi: (...args: string[]) => Promise<Ran> = (...args) => system.pi(...args),
  ) {}

  /** The file of a small campaign that differs from the others as it must. */
  file(name: string, change: (spec: Spec) => void = () => undefined): string {
    return this.system.campaignFile(name, TINY, (spec) => {
      makeSmall(spec);
      change(spec);
    });
  }

  /** Follows a campaign that is to succeed, however long it waits for something. */
  async result(id: string): Promise<CampaignResult> {
    return JSON.parse(await this.succeed('watch', '--stay', '--json', id));
  }

  async status(id: string): Promise<CampaignStatus> {
    return JSON.parse(await this.succeed('status', '--json', id));
  }

  async stage(id: string, stage: string): Promise<StageProgress | undefined> {
    return (await this.status(id)).progress?.stages.find((one) => one.id === stage);
  }

  untilStage(id: string, stage: string, state: StageProgress['state']): Promise<void> {
    return until(`${stage} of ${id} is ${state}`, async () => (await this.stage(id, stage))?.state === state);
  }

  /** A stage may be over before anybody has seen it run. */
  untilBegun(id: string, stage: string): Promise<void> {
    const isBegun = async () => ((await this.stage(id, stage))?.state ?? 'waiting') !== 'waiting';
    return until(`${stage} of ${id} has begun`, isBegun);
  }

  /** A command that must not fail. @returns what it printed */
  async succeed(...args: string[]): Promise<string> {
    const { code, output, errors } = await this.pi(...args);
    if (code !== 0) throw new Error(`pi-loop ${args.join(' ')}: ${errors}`);
    return output;
  }
}
