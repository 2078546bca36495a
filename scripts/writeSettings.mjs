// Writes docs/settings.md from the compiled zod schemas; run by `npm run schema`, after `npm run build`.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const {
  campaignJsonSchema,
  pricesJsonSchema,
  providersJsonSchema,
} = require('../dist/schemas/jsonSchema.js');
const { settingsPage } = require('../dist/schemas/settingsPage.js');
const { workerJsonSchema } = require('../dist/workers/config.js');
const file = fileURLToPath(new URL('../docs/settings.md', import.meta.url));

const schemas = {
  campaign: campaignJsonSchema(),
  worker: workerJsonSchema(),
  providers: providersJsonSchema(),
  prices: pricesJsonSchema(),
};
writeFileSync(file, settingsPage(schemas));
