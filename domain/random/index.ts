export { createRandom, type Random } from './random';
export { seedOf, type SeedPart } from './seed';
