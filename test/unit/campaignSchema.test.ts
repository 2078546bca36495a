import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { campaignJsonSchema } from '../../schemas/jsonSchema';

const file = join(__dirname, '../../schemas/campaign.schema.json');

/** All mappings within a JSON Schema that describe objects. */
const objectsOf = (schema: unknown): Record<string, unknown>[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(objectsOf);
  return 'properties' in schema && 'type' in schema ? [schema as Record<string, unknown>, ...inner] : inner;
};

describe('schemas/campaign.schema.json', () => {
  it('is what `npm run schema` writes from the zod schema today', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(campaignJsonSchema());
  });

  it('lets an editor mark unknown keys, and show defaults and descriptions', () => {
    const objects = objectsOf(campaignJsonSchema());
    expect(objects.length).toBeGreaterThan(20);
    for (const each of objects) expect(each['additionalProperties']).toBe(false);
    expect(campaignJsonSchema()).toMatchObject({
      properties: {
        rounds: { items: { properties: { pairsPerTask: { default: 10, description: expect.any(String) } } } },
      },
    });
  });

  it('asks only for what has no default', () => {
    expect(campaignJsonSchema()['required']).toEqual([
      'name',
      'seed',
      'models',
      'policy',
      'tasks',
      'rounds',
      'evaluation',
    ]);
  });
});
