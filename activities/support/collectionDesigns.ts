import type { CollectionDesign as Design, EpisodeDesign } from '../../schemas/episode';
import { CollectionDesign } from '../../schemas/episode';
import { type AgentProfile, type SocialTask, TaskSet } from '../../schemas/profiles';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { BoundedCache } from '../../artifacts/boundedCache';
import { failure } from './failures';

/** A design with its task set looked up: everything an episode needs, shared by all episodes of a stage. */
export interface LoadedDesign extends Design {
  tasks: ReadonlyMap<string, SocialTask>;
  profiles: ReadonlyMap<string, AgentProfile>;
}

export interface CastEpisode {
  design: LoadedDesign;
  episode: EpisodeDesign;
  task: SocialTask;
  agents: [AgentProfile, AgentProfile];
}

const DESIGNS_KEPT = 16;

export class CollectionDesigns {
  private readonly loaded = new BoundedCache<LoadedDesign>(DESIGNS_KEPT);

  constructor(private readonly store: ArtifactStore) {}

  load(digest: string): Promise<LoadedDesign> {
    return this.loaded.get(digest, async () => {
      const design = await this.store.getJson(digest, CollectionDesign);
      const { tasks, agents } = await this.store.getJson(design.taskSet, TaskSet);
      return {
        ...design,
        tasks: new Map(tasks.map((task) => [task.id, task])),
        profiles: new Map(agents.map((agent) => [agent.id, agent])),
      };
    });
  }

  async cast(digest: string, number: number): Promise<CastEpisode> {
    const design = await this.load(digest);
    const episode = design.episodes[number];
    const task = episode && design.tasks.get(episode.task);
    const agents = episode?.agents.map((id) => design.profiles.get(id)) ?? [];
    const [first, second] = agents;
    if (!episode || !task || !first || !second) {
      throw failure(
        'ARTIFACT_CORRUPT',
        `Episode ${number} of design ${digest} names a task or an agent that the task set lacks.`,
      );
    }
    return { design, episode, task, agents: [first, second] };
  }
}
