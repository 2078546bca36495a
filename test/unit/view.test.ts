import { viewOf } from '../../domain/episode/view';
import { ada, ben, boatTask } from '../support/people';

const backgroundOfPartner = (relationship: number) =>
  viewOf({ ...boatTask, relationship }, [ada, ben], 0).backgrounds[1];

test('a stranger sees nothing of the other, one who knows the name sees the name', () => {
  expect(backgroundOfPartner(0)).toBe('');
  expect(backgroundOfPartner(1)).toBe('Ben Okoro');
});

test('an acquaintance sees age, gender, occupation, pronouns and public information, no personality', () => {
  const seen = backgroundOfPartner(2);
  for (const part of ['41-year-old', 'man', 'teacher', 'He/him', 'chess club']) expect(seen).toContain(part);
  expect(seen).not.toContain('forgetful');
});

test.each([3, 4, 5])('with relationship %i the personality is seen too', (relationship) => {
  expect(backgroundOfPartner(relationship)).toContain('forgetful');
});

test.each([0, 1, 2, 3, 4, 5])(
  'with relationship %i the secret of the other is never seen, the own always',
  (relationship) => {
    const view = viewOf({ ...boatTask, relationship }, [ada, ben], 0);
    expect(JSON.stringify(view)).not.toContain(ben.secret);
    expect(view.backgrounds[0]).toContain(ada.secret);
  },
);

test('text marked for one side is seen by that side alone, and the goal of the other by nobody', () => {
  const first = viewOf(boatTask, [ada, ben], 0);
  const second = viewOf(boatTask, [ada, ben], 1);
  expect(first.scenario).toContain('new sail');
  expect(second.scenario).not.toContain('new sail');
  expect(JSON.stringify(second)).not.toContain('It cost 40');
});

test('hints in a goal keep their words and lose their tags', () => {
  expect(viewOf(boatTask, [ada, ben], 0).goal).toBe('Sell the boat. It cost 40.');
});
