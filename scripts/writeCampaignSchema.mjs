// Writes schemas/campaign.schema.json from the compiled zod schema; run by `npm run schema`, after `npm run build`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { campaignJsonSchema } = require('../dist/schemas/jsonSchema.js');
const file = fileURLToPath(new URL('../schemas/campaign.schema.json', import.meta.url));
const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));

writeFileSync(file, `${JSON.stringify(campaignJsonSchema(), null, 2)}\n`);
execFileSync(biome, ['format', '--write', file], { stdio: 'inherit' });
