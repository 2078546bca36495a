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
    ['schema', 'http://127.0.0.1:8000/v1', 'm', 'schema'],
    ['text', 'https://api.openai.com/v1', 'gpt-4o', undefined],
    ['auto', 'https://api.openai.com/v1', 'gpt-4o', 'schema'],
    [undefined, 'https://api.openai.com/v1', 'gpt-5-mini', 'schema'],
    [undefined, 'https://api.openai.com/v1', 'gpt-4-0613', undefined],
    [undefined, 'https://lab.openai.azure.com/openai/v1', 'gpt-4o', undefined],
    [undefined, '${SOME_URL}', 'gpt-4o', undefined],
  ] as const)('%s at %s for %s', (structuredOutput, baseUrl, model, planned) => {
    expect(plannedJudge({ structuredOutput, baseUrl, model })).toBe(planned);
  });
});
