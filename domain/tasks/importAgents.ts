import type { AgentProfile } from '../../schemas/profiles';
import type { ImportFinding } from './findings';
import { readJsonLines, type SourceFile, type SourceLine } from './jsonLines';
import { readIdentified } from './lineReader';

/** Reads Sotopia AgentProfiles; an agent without a name or an age is left out, since constraints speak of ages. */
export function importAgents(
  file: SourceFile,
  findings: ImportFinding[],
  accepted: SourceLine[] = [],
): AgentProfile[] {
  return readIdentified(readJsonLines(file, findings), findings, accepted, 'agent_id', (reader, id) => ({
    id,
    firstName: reader.text('first_name'),
    lastName: reader.textOr('', 'last_name'),
    age: reader.integer('age', 0, 150),
    occupation: reader.textOr('', 'occupation'),
    gender: reader.textOr('', 'gender'),
    pronouns: reader.textOr('', 'gender_pronoun'),
    publicInfo: reader.textOr('', 'public_info'),
    bigFive: reader.textOr('', 'big_five'),
    moralValues: reader.texts('moral_values') ?? [],
    schwartzValues: reader.texts('schwartz_personal_values') ?? [],
    personalityAndValues: reader.textOr('', 'personality_and_values'),
    decisionMakingStyle: reader.textOr('', 'decision_making_style'),
    secret: reader.textOr('', 'secret'),
    mbti: reader.textOr('', 'mbti'),
    modelId: reader.textOr('', 'model_id'),
    tag: reader.textOr('', 'tag'),
  }));
}
