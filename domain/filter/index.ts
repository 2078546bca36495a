export { filterEpisodes } from './filterEpisodes';
export { sidesOf, type RatedSide } from './ratedSide';
