import { SKELETON } from '../../domain/campaign/skeleton';
import { planCampaign } from '../../domain/plan/planCampaign';
import { CampaignSpec } from '../../schemas/campaign';
import { STAGE_PARAMETERS } from '../../schemas/plan';

const file = { name: 'f', uri: 'file:f', digest: { sha256: '0'.repeat(64) }, mediaType: 'a/b', bytes: 1 };
const files = new Proxy({}, { get: () => file });

function plannedJudge(change: Partial<CampaignSpec['models']['judge']>) {
  const spec = CampaignSpec.parse(SKELETON);
  Object.assign(spec.models.judge, change);
  const collecting = planCampaign('one', spec, files).stages.find(({ kind }) => kind === 'collectEpisodes');
  return STAGE_PARAMETERS.collectEpisodes.parse(collecting?.parameters).judge.structuredOutput;
}

describe('whether a judge answers under a JSON schema is decided by the file, and stands in the plan:', () => {
  test.each([
    ['schema', 'http://127.0.0.1:8000/v1', 'schema'],
    ['text', 'https://api.openai.com/v1', undefined],
    ['auto', 'https://api.openai.com/v1', 'schema'],
    [undefined, 'https://lab.openai.azure.com/openai/v1', 'schema'],
    [undefined, '${SOME_URL}', undefined],
  ] as const)('%s at %s', (structuredOutput, baseUrl, planned) => {
    expect(plannedJudge({ structuredOutput, baseUrl })).toBe(planned);
  });
});
