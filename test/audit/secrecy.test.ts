import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';

let finished: FinishedCampaign;
beforeAll(async () => {
  finished = await finishedCampaign();
});

const KEY_FILE = 'signing-key.pem';

test('the signing key is readable by its owner alone, and stands in no other file of a campaign: bucket, database, histories, logs', () => {
  const file = join(finished.state, KEY_FILE);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const secret = readFileSync(file, 'utf8').split('\n')[1] ?? '';
  expect(secret.length).toBeGreaterThan(40);
  const files = readdirSync(finished.state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const holders = files.filter((path) => readFileSync(path).includes(secret));
  expect(files.length).toBeGreaterThan(300);
  expect(holders).toEqual([file]);
});
