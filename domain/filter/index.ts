export { filterEpisodes } from './filterEpisodes';
export type { RatedSide } from './ratedSide';
