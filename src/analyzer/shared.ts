import type { Programs, Project } from './program';

/** Knowledge about a whole project, built when the first rule asks for it and kept until the next snapshot. */
export interface Shared<T> {
  /** It is about all projects that are loaded, and the same for each. */
  readonly isOfAll?: true;
  /** `previous` is what was built for this project's last snapshot, to renew only what changed; undefined where that failed. */
  build(programs: Programs, project: Project, previous: T | undefined): T;
}

/** What building came to: a failure is kept too, so that it is not met again for each file of the snapshot. */
type Outcome = { readonly value: unknown } | { readonly failure: unknown };
type Built = Outcome & { readonly of: Project | number };

/** Holds what was built for each project. */
export class SharedFacts {
  private readonly current = new Map<Shared<unknown>, Map<string, Built>>();

  constructor(private readonly programs: Programs) {}

  /** Throws what building threw, each time it is asked for. */
  get<T>(fact: Shared<T>, project: Project): T {
    let byProject = this.current.get(fact);
    if (!byProject) this.current.set(fact, (byProject = new Map<string, Built>()));
    const key = fact.isOfAll ? '' : project.id;
    // A snapshot has its own Project objects: another object is another snapshot.
    const of = fact.isOfAll ? this.programs.version : project;
    let built = byProject.get(key);
    if (built?.of !== of) byProject.set(key, (built = { of, ...this.built(fact, project, built) }));
    if ('failure' in built) throw built.failure;
    return built.value as T;
  }

  private built<T>(fact: Shared<T>, project: Project, last: Built | undefined): Outcome {
    try {
      return { value: fact.build(this.programs, project, last && 'value' in last ? (last.value as T) : undefined) };
    } catch (failure) {
      return { failure };
    }
  }
}
