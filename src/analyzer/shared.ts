import type { Programs, Project } from './program';

/** Knowledge about a whole project, built when the first rule asks for it and kept until the next snapshot. */
export interface Shared<T> {
  /** `previous` is what was built for this project's last snapshot, to renew only what changed. */
  build(programs: Programs, project: Project, previous: T | undefined): T;
}

/** Holds what was built for each project. */
export class SharedFacts {
  private readonly current = new Map<Shared<unknown>, Map<string, { project: Project; value: unknown }>>();

  constructor(private readonly programs: Programs) {}

  get<T>(fact: Shared<T>, project: Project): T {
    let byProject = this.current.get(fact);
    if (!byProject) this.current.set(fact, (byProject = new Map<string, { project: Project; value: unknown }>()));
    const known = byProject.get(project.id);
    // A snapshot has its own Project objects: another object is another snapshot.
    if (known?.project === project) return known.value as T;
    const value = fact.build(this.programs, project, known?.value as T | undefined);
    byProject.set(project.id, { project, value });
    return value;
  }
}
