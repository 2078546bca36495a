import type { TemplateName } from '../../schemas/episode';
import { compactTemplate } from './compact';
import type { PromptTemplate } from './promptTemplate';
import { sotopiaTemplate } from './sotopia';

const TEMPLATES: Record<TemplateName, PromptTemplate> = {
  'compact-v1': compactTemplate,
  'sotopia-v1': sotopiaTemplate,
};

export const templateNamed = (name: TemplateName): PromptTemplate => TEMPLATES[name];
