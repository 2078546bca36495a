import { z } from 'zod';
import { CampaignSpec } from './campaign';
import { PriceTable } from './price';
import { ProviderSettings } from './rateLimit';

/**
 * JSON Schema (draft 2020-12) of a campaign file as it is written, with descriptions and defaults, for editors.
 * Rules between keys are not in it; reading the file checks them.
 */
export const campaignJsonSchema = (): Record<string, unknown> => ({
  title: 'π-loop campaign',
  ...z.toJSONSchema(CampaignSpec, { io: 'input', target: 'draft-2020-12' }),
});

/** The file of PI_LOOP_PROVIDERS as JSON Schema. */
export const providersJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(ProviderSettings, { io: 'input' });

/** A table of prices as JSON Schema. */
export const pricesJsonSchema = (): Record<string, unknown> => z.toJSONSchema(PriceTable, { io: 'input' });
