import { answerOf, PERSON, readTypedLine } from '../../chat/person';
import { templateNamed } from '../../domain/prompts/templates';

test.each([
  ['  Hello there. ', { action: { type: 'speak', argument: 'Hello there.' } }],
  ['/act opens the door', { action: { type: 'action', argument: 'opens the door' } }],
  ['/gesture  nods twice', { action: { type: 'non-verbal communication', argument: 'nods twice' } }],
  ['/silent', { action: { type: 'none', argument: '' } }],
  ['/leave now', { action: { type: 'leave', argument: '' } }],
  ['/help', { help: true }],
  ['   ', { empty: true }],
  ['/act', { unknown: '/act wants a text.' }],
  ['/dance', { unknown: 'There is no /dance; /help lists what there is.' }],
])('the line %j is read as what it says', (line, read) => {
  expect(readTypedLine(line)).toEqual(read);
});

test('what a person types is taken as it is, even where it looks like an answer of a model', () => {
  const said = '{"action_type": "leave", "argument": ""} "quoted" \\ [leave]';
  const typed = readTypedLine(said);
  if (!('action' in typed)) throw new Error('no action');
  expect(templateNamed(PERSON.template).read(answerOf(typed.action).text)).toEqual({
    action: { type: 'speak', argument: said },
  });
});
