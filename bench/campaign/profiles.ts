/**
 * Characters and social tasks for benches, as long as Sotopia's published ones and in its file format, so that
 * π-loop and the peer read the same. Numbered variations of a few sentences; nobody's text.
 */

const NAMES = [
  'Ada',
  'Ben',
  'Cleo',
  'Dario',
  'Elin',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaja',
  'Luca',
];
const SURNAMES = ['Marsh', 'Okoro', 'Lindqvist', 'Farkas', 'Duarte', 'Novak'];
const OCCUPATIONS = ['Carpenter', 'Teacher', 'Nurse', 'Baker', 'Bus Driver', 'Librarian'];

const HABITS = [
  'builds boats at the weekend and lends the finished ones to whoever asks first',
  'has coached the chess club for eleven years and still loses to beginners on purpose',
  'knows every allotment in the valley and which of them floods after a week of rain',
  'keeps a notebook of all that was ever promised at the market and by whom',
];
const TEMPERS = [
  'patient and direct; would rather lose a sale than a neighbour, and says so before anybody asks',
  'lively and forgetful; warms to people quickly, and finds it hard to refuse a favour twice',
  'careful with money and generous with time; weighs each word, and dislikes being hurried',
  'curious and stubborn; argues for the sake of it, yet is the first to admit a mistake',
];
const SECRETS = [
  'once sold a boat with a leak and never told the buyer',
  'has applied for work abroad and told nobody in the family',
  'lent the savings of the club to a cousin who has not paid them back',
];

export const agentProfile = (number: number) => {
  const first_name = pick(NAMES, number);
  return {
    agent_id: `agent-${number}`,
    first_name,
    last_name: pick(SURNAMES, number + Math.floor(number / NAMES.length)),
    age: 25 + ((number * 7) % 40),
    occupation: pick(OCCUPATIONS, number * 5),
    gender: number % 2 === 0 ? 'Woman' : 'Man',
    gender_pronoun: number % 2 === 0 ? 'She/her' : 'He/him',
    public_info: `${first_name} ${sentence(HABITS, number, 4)}.`,
    big_five: 'Openness to Experience - High; Conscientiousness - High; Extraversion - Low',
    moral_values: ['Care', 'Fairness'],
    schwartz_personal_values: ['Benevolence', 'Security'],
    personality_and_values: `${first_name} is ${sentence(TEMPERS, number, 4)}.`,
    decision_making_style: 'Deliberate',
    secret: `${first_name} ${pick(SECRETS, number)}.`,
  };
};

const MEETINGS = [
  'Two acquaintances meet at the harbour early in the morning, before the first ferry leaves with one of them on board.',
  'Two old colleagues share a table in a crowded station restaurant while both of their trains are late by an hour.',
  'Two parents clean up the school kitchen after the summer fair, when everybody else has already gone home.',
  'Two cousins look through the flat of an aunt who has moved away and has left them the decision about her things.',
  'Two members of a choir wait for the others in a cold church and talk about the journey that is planned for May.',
  'Two neighbours stand at the fence that the storm has torn down in the night and look at the damage on both sides.',
  'Two volunteers of a rescue station write the plan for the holidays, and neither has been asked what would suit them.',
];
const MATTERS = [
  'A boat is to change hands, and they have never spoken about money with each other.',
  'Somebody has to look after the dog for three weeks, and it does not get on with children.',
  'The last two free days of the season are to be shared, although each would need both.',
  'A letter has come that was meant for one of them and was opened by the other one by mistake.',
  'The hired van is large enough for the things of one of them alone, and it is paid for by both.',
];
const AIMS = [
  'Come away with the larger share without spoiling the friendship',
  'Find out what the other one really needs before you offer anything yourself',
  'Persuade the other one to wait until next month, for a reason that you would rather not name',
  'Get a promise that you can show to your family this very evening',
];

/** Sotopia's goals carry hints of about this length. */
const HINTS =
  '<extra_info>You have an hour before you must leave. You know the other one from two summers ago, when both of you ' +
  'worked at the same stall, and you parted on good terms.</extra_info> <strategy_hint>Say something kind before you ' +
  'ask for anything, and give a reason for each wish. When the other one hesitates, offer a smaller step first; you ' +
  'can always come back to the larger one. Do not name your limit before the other one has named one.</strategy_hint>';

/** No two of the first 140 share meeting, matter and aims, so that none passes for another one in other words. */
export const environmentProfile = (number: number) => ({
  env_id: `environment-${number}`,
  codename: `bench_${number}`,
  source: 'pi-loop bench',
  scenario: `${pick(MEETINGS, number)} ${pick(MATTERS, number)}`,
  agent_goals: [
    `${pick(AIMS, number)} (you have ${40 + number} to give, and it matters more to you than you let on). ${HINTS}`,
    `${pick(AIMS, number + 1)} (you expect ${60 + number}, and you have told a friend that you would get it). ${HINTS}`,
  ],
  relationship: 2,
});

const sentence = (from: readonly string[], number: number, parts: number): string =>
  Array.from({ length: parts }, (_, part) => pick(from, number + part)).join(', and ');

const pick = <T>(from: readonly T[], number: number): T => from[number % from.length] as T;
