// Writes norms.txt, situations.txt and stories.txt beside itself: see README.md.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PER_GAME = 130;

const WORDS = {
  item: 'bike lamp desk sofa phone guitar camera tent chair clock piano radio table watch'.split(' '),
  state: ['old', 'used', 'scratched', 'rarely used', 'repaired', 'nearly new'],
  person: ['neighbour', 'colleague', 'cousin', 'stranger', 'friend', 'classmate', 'landlord', 'team mate'],
  place: [
    'on the market',
    'at a yard sale',
    'in a small shop',
    'in front of the house',
    'after work',
    'in the stairwell',
  ],
  goods: [
    'bread and cheese',
    'apples and plums',
    'tea and honey',
    'fish and rice',
    'grapes and wine',
    'eggs and salt',
    'the leftovers',
    'the last cake',
  ],
  feast: [
    'a picnic',
    'a party',
    'a trip',
    'a village fair',
    'a long dinner',
    'a festival',
    'a camping weekend',
  ],
  cause: [
    'animals',
    'schools',
    'parks',
    'music',
    'health',
    'rivers',
    'libraries',
    'sports',
    'trees',
    'museums',
  ],
  corner: [
    'at the station',
    'at a concert',
    'at the school gate',
    'outside the market hall',
    'at a party',
    'at the front door',
  ],
  occasion: ['lunch', 'dinner', 'coffee', 'a game of chess', 'tennis', 'a round of golf', 'a walk', 'a film'],
  obstacle: [
    'a full week',
    'shifts at night',
    'a sick child',
    'evening classes',
    'a long way to travel',
    'other plans',
  ],
  one: ['Robin', 'Alma', 'Theo', 'Nadia', 'Ruben', 'Freya', 'Omar', 'Lucia'],
  other: ['Casey', 'Boris', 'Hana', 'Milo', 'Selma', 'Viktor', 'Ada', 'Jun'],
};

/** Each template says one of the four games in plain words, and no word of another game. */
const TEMPLATES = {
  norms: {
    haggle: [
      'it is fine to haggle over {state} things {place}, such as a {item}',
      'one should not bargain with a {person} over a {state} {item} just for fun',
      'whoever wants to sell a {state} {item} to a {person} should name its faults',
      'it is rude to call the price of a {item} a joke {place}',
    ],
    divide: [
      'friends divide {goods} fairly after {feast}',
      'it is greedy to take the best part when a {person} wants to share {goods}',
      'guests should split {goods} with the {person} who cooked for {feast}',
      'nobody should share out {goods} before everybody is back from {feast}',
    ],
    donate: [
      'one may ask a {person} to donate for {cause}, but only once',
      'it is polite to say no to a charity for {cause} {corner} with a smile',
      'people who can afford it should donate to {cause} when a {person} collects {corner}',
      'it is wrong to boast in front of a {person} about what one donates for {cause}',
    ],
    meet: [
      'one should offer more than one day to meet a {person} for {occasion}',
      'it is rude to cancel an appointment with a {person} because of {obstacle}',
      'people with {obstacle} should say so before they agree to meet for {occasion}',
      'whoever asks a {person} to meet for {occasion} should fit in with the other one’s days',
    ],
  },
  situations: {
    haggle: [
      'my {person} wants to bargain for my {state} {item} {place}',
      'i would like to sell my {item} and a {person} calls it too expensive {place}',
      'a {person} found a {state} {item} {place} and hopes to buy it cheap',
      'we could not agree on the price of a {state} {item} {place}',
    ],
    divide: [
      'my {person} and i have to divide {goods} after {feast}',
      'there were only {goods} left after {feast} and the {person} would not share',
      'we wanted to split {goods} evenly, but my {person} and i like the same things',
      'i brought {goods} to {feast} and a {person} asks me to share',
    ],
    donate: [
      'a {person} asked me to donate for {cause} {corner}',
      'i collect for a charity {corner} and my {person} only cares about {cause}',
      'my {person} would rather donate to {cause} than to the cause i stand for {corner}',
      'i would like to donate for {cause}, but a {person} asks for more than i have',
    ],
    meet: [
      'i try to meet my {person} for {occasion}, but there is {obstacle}',
      'my {person} needs an appointment this week and has {obstacle}',
      'we want to schedule {occasion} and my {person} has {obstacle}',
      'a {person} hopes to meet me for {occasion} on a day on which i have {obstacle}',
    ],
  },
  stories: {
    haggle: [
      '{one} showed {other} a {state} {item} {place} and they began to haggle',
      '{one} needed money and tried to sell the {item} to {other} {place}',
      '{other} laughed at the price that {one} wrote on the {state} {item}',
      '{one} promised {other} a bargain, a {state} {item}, but had no number in mind',
    ],
    divide: [
      '{one} and {other} came home from {feast} and had to divide {goods}',
      '{other} had packed {goods} for {feast}, and {one} thought they would share',
      '{one} cut everything in two, but {other} wanted to split {goods} in another way',
      'after {feast} {one} and {other} stood in the kitchen with {goods} to share',
    ],
    donate: [
      '{one} asked {other} {corner} to donate something for {cause}',
      '{other} runs a charity for {cause} and met a doubtful {one} {corner}',
      '{one} had volunteered to collect for {cause} {corner} when {other} came by',
      '{other} told {one} about {cause} until {one} thought of how much to donate',
    ],
    meet: [
      '{one} wanted to meet {other} for {occasion} in spite of {obstacle}',
      '{one} moved the appointment with {other} twice because of {obstacle}',
      '{other} wrote to {one} about when to meet for {occasion}',
      '{one} and {other} compared calendars to schedule {occasion} around {obstacle}',
    ],
  },
};

/** All sentences of a template, in an order that looks shuffled and never changes. */
function fill(template) {
  const name = /\{(\w+)\}/.exec(template)?.[1];
  if (name === undefined) return [template.replace(/\ba (?=[aeiou])/g, 'an ')];
  return WORDS[name].flatMap((word) => fill(template.replaceAll(`{${name}}`, word)));
}

const rank = (text) => createHash('sha256').update(text).digest('hex');
const byRank = (a, b) => (rank(a) < rank(b) ? -1 : 1);

function sentences(templates) {
  const each = Math.ceil(PER_GAME / templates.length);
  return templates.flatMap((template) => fill(template).sort(byRank).slice(0, each)).slice(0, PER_GAME);
}

const here = dirname(fileURLToPath(import.meta.url));
for (const [pool, games] of Object.entries(TEMPLATES)) {
  const lines = Object.values(games).flatMap(sentences).sort(byRank);
  writeFileSync(join(here, `${pool}.txt`), `${lines.join('\n')}\n`);
}
