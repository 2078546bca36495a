import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { resolveCampaign } from '../../cli/resolveCampaign';

const EXAMPLES = join(__dirname, '../../examples');
/** `imported.yaml` needs Sotopia's own profiles, which are not ours to ship. */
const SHIPPED = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml') && name !== 'imported.yaml');

const planOf = (name: string) => resolveCampaign(join(EXAMPLES, name), {}, 'optional');

describe('the example campaigns', () => {
  it.each(SHIPPED)('%s can be planned on a fresh checkout, without keys and weights', async (name) => {
    const { plan, missing } = await planOf(name);
    expect(plan.stages.at(-1)?.id).toBe('results');
    expect(missing.every((folder) => folder.startsWith(join(EXAMPLES, 'models')))).toBe(true);
  });

  it('have the sizes of the paper in sotopia-pi-mistral.yaml', async () => {
    const { plan } = await planOf('sotopia-pi-mistral.yaml');
    const episodes = Object.fromEntries(plan.stages.map(({ id, estimate }) => [id, estimate.episodes]));
    expect(episodes).toMatchObject({ 'BC/collect': 1000, 'BC+SR/collect': 1000, 'SR/collect': 1000 });
    const tasks = plan.stages.find(({ id }) => id === 'tasks');
    expect(tasks?.parameters).toMatchObject({
      splits: [
        { name: 'test', tasks: 90 },
        { name: 'dev', tasks: 10 },
        { name: 'BC', tasks: 100 },
        { name: 'BC+SR', tasks: 100 },
      ],
    });
    // 14 of 90.
    const results = plan.stages.find(({ id }) => id === 'results');
    expect(results?.parameters).toMatchObject({ hardShare: 0.156 });
  });
});
